// The table of permissions knows every RPC that there is, and none that there isn't.
// Must never list RPCs by hand: they are read from the definitions.
import { HealthDefinition } from 'nice-grpc-server-health';
import { expect, test } from 'vitest';
import { permissions } from '../../../coordinator/api/permissions.ts';
import * as wire from '../../../proto/index.ts';

interface Definition {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, { readonly name: string }>>;
}

function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && 'fullName' in value && 'methods' in value;
}

const exported: readonly unknown[] = Object.values(wire);

test('every RPC of every service is in the table, and nothing else is', () => {
  const definitions = exported.filter(isDefinition);
  expect(definitions).toHaveLength(10);
  const paths = [...definitions, HealthDefinition].flatMap(({ fullName, methods }) =>
    Object.values<{ readonly name: string }>(methods).map(({ name }) => `/${fullName}/${name}`),
  );
  const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  expect(Object.keys(permissions).toSorted()).toEqual([...paths, reflection].toSorted());
});

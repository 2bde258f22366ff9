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
  expect(definitions.length).toBeGreaterThan(10);
  const paths = [...definitions, HealthDefinition].flatMap(({ fullName, methods }) =>
    Object.values<{ readonly name: string }>(methods).map(({ name }) => `/${fullName}/${name}`),
  );
  const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  expect(Object.keys(permissions).toSorted()).toEqual([...paths, reflection].toSorted());
});

/** RPCs that change nothing, by how they are called. */
const looks = /^(?:Get|List|Watch|Stream|Check|Export|Verify|Diagnose|ServerReflection)/;

test('every RPC that changes something is recorded, but what is no act of a person', () => {
  const unrecorded = Object.entries(permissions)
    .filter(([path, { recorded }]) => recorded === undefined && !looks.test(path.split('/').at(-1) ?? ''))
    .map(([path]) => path);
  expect(unrecorded).toEqual([
    '/hephaestus.v1.EnrollmentService/Renew',
    '/hephaestus.v1.AgentService/Control',
    '/hephaestus.v1.LogService/SubmitLogEntries',
  ]);
});

test('an administrator has no narrower reach, and nobody else the fleet but by name', () => {
  const reachOf = { admin: 'whole', open: 'any', enrolment: 'any', node: 'any' } as const;
  const wrong = Object.entries(permissions).filter(
    ([, { needs, reach }]) => needs !== 'viewer' && needs !== 'operator' && reach !== reachOf[needs],
  );
  expect(wrong).toEqual([]);
});

// The groups of anchors that are kept in the source.
// Must never let them fall behind the anchors: the agent would share them out at each start.
import { expect, test } from 'vitest';
import { anchorGroups } from '../../../analysis/redaction/anchor-groups.ts';
import { credentialAnchors } from '../../../analysis/redaction/credential-anchors.ts';

test('are those of the anchors that there are (if not, what is received here belongs into anchor-groups.ts)', () => {
  expect(credentialAnchors.groups()).toBe(anchorGroups);
});

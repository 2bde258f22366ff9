// AuthorityService: which authority signs, and its rotation.
// Must never show a key.
import type { Authority, AuthorityServiceImplementation } from '../../proto/index.ts';
import type { Authorities } from '../nodes/authorities.ts';
import type { AuthorityRollout } from '../nodes/authority-rollout.ts';
import type { CallIdentity } from './call-identity.ts';
import { writeTime } from './wire-values.ts';

const mostNames = 20;

export function createAuthorityService(
  authorities: Authorities,
  rollout: AuthorityRollout,
): AuthorityServiceImplementation<{ identity: CallIdentity }> {
  const show = (): Authority => {
    const behind = rollout.leftBehind();
    return {
      phase: authorities.phase,
      currentHash: authorities.hash,
      nextHash: authorities.next?.hash ?? '',
      expiresAt: writeTime(authorities.current.expiresAtMs),
      bundle: authorities.bundle,
      nodes: rollout.seen,
      nodesLeftBehind: behind.length,
      leftBehind: behind.slice(0, mostNames),
    };
  };
  return {
    async getAuthority() {
      return { authority: show() };
    },
    async stageAuthority() {
      await authorities.stage();
      return { authority: show() };
    },
    async activateAuthority(request) {
      await authorities.activate(rollout, request.force);
      return { authority: show() };
    },
    async retireAuthority(request) {
      await authorities.retire(rollout, request.force);
      return { authority: show() };
    },
  };
}

// EnrollmentService: how a host becomes a node and stays one.
// Must never need more than the call itself carries; what it proves is enrolment's to judge.
import type { CallContext } from 'nice-grpc';
import type { EnrollmentServiceImplementation } from '../../proto/index.ts';
import type { Enrolment } from '../nodes/enrolment.ts';
import type { CallIdentity } from './call-identity.ts';
import { writeTime } from './wire-values.ts';
import { readFacts } from './wire-node.ts';

export function createEnrollmentService(enrolment: Enrolment): EnrollmentServiceImplementation<{ identity: CallIdentity }> {
  return {
    async enroll(request) {
      const { nodeId, certificateChain, caBundle, expiresAtMs } = await enrolment.enroll({
        joinToken: request.joinToken,
        signingRequest: request.certificateSigningRequest,
        facts: request.facts === undefined ? undefined : readFacts(request.facts),
      });
      return { nodeId, certificateChain, caBundle, expiresAt: writeTime(expiresAtMs) };
    },
    async renew(request, context: CallContext & { identity: CallIdentity }) {
      const { node } = context.identity;
      const signingRequest = request.certificateSigningRequest;
      const { certificateChain, caBundle, expiresAtMs } =
        node === undefined
          ? await enrolment.renewExpired({ expiredCertificate: request.expiredCertificate, proof: request.proof, signingRequest })
          : await enrolment.renew(node.nodeId, node.serial, signingRequest);
      return { certificateChain, caBundle, expiresAt: writeTime(expiresAtMs) };
    },
  };
}

// Who may call what: the one table of permissions, a line an RPC.
// Must never have a default: an RPC that isn't here is refused.
import type { OperatorRole } from '../nodes/operator.ts';

/** `open`: anybody. `enrolment`: anybody, the call itself checks a token or proof. `node`: an agent with its certificate. Otherwise an operator. */
export type Permission = 'open' | 'enrolment' | 'node' | OperatorRole;

export const permissions: Readonly<Record<string, Permission>> = {
  '/hephaestus.v1.EnrollmentService/Enroll': 'enrolment',
  '/hephaestus.v1.EnrollmentService/Renew': 'enrolment',
  '/hephaestus.v1.AgentService/Control': 'node',
  '/hephaestus.v1.AgentService/StreamLogs': 'node',
  '/hephaestus.v1.NodeService/RegisterNode': 'admin',
  '/hephaestus.v1.NodeService/UpdateNodeStatus': 'operator',
  '/hephaestus.v1.NodeService/GetNode': 'viewer',
  '/hephaestus.v1.NodeService/ListNodes': 'viewer',
  '/hephaestus.v1.NodeService/RemoveNode': 'admin',
  '/hephaestus.v1.NodeService/UpdateNodeConfiguration': 'admin',
  '/hephaestus.v1.NodeService/WatchNodes': 'viewer',
  '/hephaestus.v1.NodeService/CreateJoinToken': 'admin',
  '/hephaestus.v1.NodeService/ListJoinTokens': 'admin',
  '/hephaestus.v1.NodeService/RevokeJoinToken': 'admin',
  '/hephaestus.v1.NodeService/ListSources': 'viewer',
  '/hephaestus.v1.LogService/SubmitLogEntries': 'operator',
  '/hephaestus.v1.LogService/ListLogEntries': 'viewer',
  '/hephaestus.v1.LogService/StreamLogEntries': 'viewer',
  '/hephaestus.v1.IncidentService/GetIncident': 'viewer',
  '/hephaestus.v1.IncidentService/ListIncidents': 'viewer',
  '/hephaestus.v1.IncidentService/WatchIncidents': 'viewer',
  '/hephaestus.v1.IncidentService/AcknowledgeIncident': 'operator',
  '/hephaestus.v1.IncidentService/ResolveIncident': 'operator',
  '/hephaestus.v1.IncidentService/IgnoreIncident': 'operator',
  '/hephaestus.v1.IncidentService/ReopenIncident': 'operator',
  '/hephaestus.v1.IncidentService/ListOccurrences': 'viewer',
  '/hephaestus.v1.SolutionService/ListSolutions': 'viewer',
  '/hephaestus.v1.SolutionService/GetSolution': 'viewer',
  '/hephaestus.v1.SolutionService/WatchSolutions': 'viewer',
  '/hephaestus.v1.SolutionService/GenerateSolutionProposal': 'operator',
  '/hephaestus.v1.SolutionService/ValidateSolutionProposal': 'operator',
  '/hephaestus.v1.SolutionService/ApproveSolution': 'operator',
  '/hephaestus.v1.SolutionService/RejectSolution': 'operator',
  // A repository's commands run on the coordinator, so that adding one is an administrator's business.
  '/hephaestus.v1.RepositoryService/AddRepository': 'admin',
  '/hephaestus.v1.RepositoryService/GetRepository': 'viewer',
  '/hephaestus.v1.RepositoryService/ListRepositories': 'viewer',
  '/hephaestus.v1.RepositoryService/RemoveRepository': 'admin',
  '/hephaestus.v1.RepositoryService/CheckRepository': 'operator',
  // Code may be more confidential than logs.
  '/hephaestus.v1.RepositoryService/GetFileContents': 'operator',
  '/hephaestus.v1.RepositoryService/UpdateFileContents': 'operator',
  '/hephaestus.v1.RepositoryService/CreateChangeRequest': 'operator',
  '/hephaestus.v1.RepositoryService/CreateIssue': 'operator',
  '/hephaestus.v1.SystemService/GetStatus': 'viewer',
  '/hephaestus.v1.SystemService/GetConfiguration': 'viewer',
  '/hephaestus.v1.SystemService/Diagnose': 'operator',
  '/grpc.health.v1.Health/Check': 'open',
  '/grpc.health.v1.Health/Watch': 'open',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'viewer',
};

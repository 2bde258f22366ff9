// Who may call what, and what of it is recorded: the one table of permissions, a line an RPC.
// Must never have a default: an RPC that isn't here is refused.
import type { OperatorRole } from '../access/operator.ts';

/** `open`: anybody. `enrolment`: anybody, the call itself checks a token or proof. `node`: an agent with its certificate. Otherwise an operator. */
export type Permission = 'open' | 'enrolment' | 'node' | OperatorRole;

/**
 * What an operator whose scope is narrowed gets. `narrowed`: the service leaves out what is outside, and says that it isn't there.
 * `whole`: nothing, the call concerns the fleet. `any`: the same as everybody, since it tells of no node or repository.
 */
export type Reach = 'narrowed' | 'whole' | 'any';

/** How a call is recorded. Paths lead into the request, or the answer where they begin with `answer.`; nothing else is kept of either. */
export interface RecordedAct {
  readonly act: string;
  readonly subject: string;
  readonly detail: readonly string[];
}

export interface Rule {
  readonly needs: Permission;
  readonly reach: Reach;
  /** Undefined: it changes nothing, or only what is recorded otherwise. */
  readonly recorded: RecordedAct | undefined;
}

const look = (needs: Permission, reach: Reach): Rule => ({ needs, reach, recorded: undefined });

const act = (needs: Permission, reach: Reach, name: string, subject: string, ...detail: readonly string[]): Rule => ({
  needs,
  reach,
  recorded: { act: name, subject, detail },
});

/** Roles are given to administrators only where the whole fleet is concerned, so that their reach is always `whole`. */
export const permissions: Readonly<Record<string, Rule>> = {
  '/hephaestus.v1.EnrollmentService/Enroll': act('enrolment', 'any', 'node.enrol', 'answer.nodeId', 'facts.hostname', 'answer.expiresAt'),
  // Every node does it twice a day; that a certificate is good is told with the node.
  '/hephaestus.v1.EnrollmentService/Renew': look('enrolment', 'any'),
  '/hephaestus.v1.AgentService/Control': look('node', 'any'),
  '/hephaestus.v1.AgentService/StreamLogs': look('node', 'any'),
  '/hephaestus.v1.NodeService/RegisterNode': act('admin', 'whole', 'node.register', 'name', 'labels', 'answer.node.id'),
  '/hephaestus.v1.NodeService/UpdateNodeStatus': act('operator', 'narrowed', 'node.status', 'nodeId', 'status', 'reason'),
  '/hephaestus.v1.NodeService/GetNode': look('viewer', 'narrowed'),
  '/hephaestus.v1.NodeService/ListNodes': look('viewer', 'narrowed'),
  '/hephaestus.v1.NodeService/RemoveNode': act('admin', 'whole', 'node.remove', 'nodeId'),
  '/hephaestus.v1.NodeService/UpdateNodeConfiguration': act(
    'admin',
    'whole',
    'node.configure',
    'nodeId',
    'answer.version',
    'answer.hash',
    'configuration.operationalMode',
    'configuration.redaction',
  ),
  '/hephaestus.v1.NodeService/WatchNodes': look('viewer', 'narrowed'),
  '/hephaestus.v1.NodeService/CreateJoinToken': act(
    'admin',
    'whole',
    'join-token.create',
    'answer.joinToken.id',
    'nodeName',
    'labels',
    'answer.joinToken.useLimit',
    'answer.joinToken.expiresAt',
  ),
  '/hephaestus.v1.NodeService/ListJoinTokens': look('admin', 'whole'),
  '/hephaestus.v1.NodeService/RevokeJoinToken': act('admin', 'whole', 'join-token.revoke', 'id'),
  '/hephaestus.v1.NodeService/CollectContext': act('operator', 'narrowed', 'node.context', 'nodeId', 'source', 'lines'),
  '/hephaestus.v1.NodeService/ListSources': look('viewer', 'narrowed'),
  // Log entries are data, and there may be thousands a second; who sent one is kept with it.
  '/hephaestus.v1.LogService/SubmitLogEntries': look('operator', 'narrowed'),
  '/hephaestus.v1.LogService/ListLogEntries': look('viewer', 'narrowed'),
  // Counts are kept by node alone.
  '/hephaestus.v1.LogService/ListTemplateCounts': look('viewer', 'whole'),
  '/hephaestus.v1.LogService/StreamLogEntries': look('viewer', 'narrowed'),
  '/hephaestus.v1.IncidentService/GetIncident': look('viewer', 'narrowed'),
  '/hephaestus.v1.IncidentService/ListIncidents': look('viewer', 'narrowed'),
  '/hephaestus.v1.IncidentService/WatchIncidents': look('viewer', 'narrowed'),
  '/hephaestus.v1.IncidentService/AcknowledgeIncident': act('operator', 'narrowed', 'incident.acknowledge', 'id', 'note'),
  '/hephaestus.v1.IncidentService/ResolveIncident': act('operator', 'narrowed', 'incident.resolve', 'id', 'note'),
  '/hephaestus.v1.IncidentService/IgnoreIncident': act('operator', 'narrowed', 'incident.ignore', 'id', 'note'),
  '/hephaestus.v1.IncidentService/ReopenIncident': act('operator', 'narrowed', 'incident.reopen', 'id', 'note'),
  '/hephaestus.v1.IncidentService/ListOccurrences': look('viewer', 'narrowed'),
  '/hephaestus.v1.IncidentService/MergeIncidents': act('operator', 'narrowed', 'incident.merge', 'survivorId', 'ids'),
  '/hephaestus.v1.IncidentService/UnmergeIncident': act('operator', 'narrowed', 'incident.unmerge', 'id'),
  '/hephaestus.v1.SolutionService/ListSolutions': look('viewer', 'narrowed'),
  '/hephaestus.v1.SolutionService/GetSolution': look('viewer', 'narrowed'),
  '/hephaestus.v1.SolutionService/WatchSolutions': look('viewer', 'narrowed'),
  '/hephaestus.v1.SolutionService/GenerateSolutionProposal': act(
    'operator',
    'narrowed',
    'solution.generate',
    'incidentId',
    'answer.solution.id',
  ),
  '/hephaestus.v1.SolutionService/ValidateSolutionProposal': act('operator', 'narrowed', 'solution.validate', 'id'),
  '/hephaestus.v1.SolutionService/ApproveSolution': act(
    'operator',
    'narrowed',
    'solution.approve',
    'id',
    'note',
    'answer.solution.state',
    'answer.solution.baseCommit',
  ),
  '/hephaestus.v1.SolutionService/RejectSolution': act('operator', 'narrowed', 'solution.reject', 'id', 'note'),
  // A repository's commands run on the coordinator, so that adding one is an administrator's business.
  '/hephaestus.v1.RepositoryService/AddRepository': act(
    'admin',
    'whole',
    'repository.add',
    'repository.name',
    'repository.url',
    'repository.operationalMode',
    'repository.gate',
    'repository.services',
    'repository.allowedPaths',
    'repository.commands',
    'repository.credentialReference',
  ),
  '/hephaestus.v1.RepositoryService/GetRepository': look('viewer', 'narrowed'),
  '/hephaestus.v1.RepositoryService/ListRepositories': look('viewer', 'narrowed'),
  '/hephaestus.v1.RepositoryService/RemoveRepository': act('admin', 'whole', 'repository.remove', 'id'),
  '/hephaestus.v1.RepositoryService/CheckRepository': look('operator', 'narrowed'),
  // Code may be more confidential than logs.
  '/hephaestus.v1.RepositoryService/GetFileContents': look('operator', 'narrowed'),
  '/hephaestus.v1.RepositoryService/UpdateFileContents': act(
    'operator',
    'narrowed',
    'repository.write',
    'repositoryId',
    'branch',
    'files',
    'answer.commit',
  ),
  '/hephaestus.v1.RepositoryService/CreateChangeRequest': act(
    'operator',
    'narrowed',
    'repository.change-request',
    'repositoryId',
    'branch',
    'title',
    'answer.url',
  ),
  '/hephaestus.v1.RepositoryService/CreateIssue': act(
    'operator',
    'narrowed',
    'repository.issue',
    'repositoryId',
    'key',
    'title',
    'answer.url',
  ),
  '/hephaestus.v1.DeploymentService/RecordDeployment': act(
    'operator',
    'narrowed',
    'deployment.record',
    'service',
    'revision',
    'nodeId',
    'time',
  ),
  '/hephaestus.v1.DeploymentService/ListDeployments': look('viewer', 'narrowed'),
  // Whom nobody alerts, and what raises incidents, concerns the fleet.
  '/hephaestus.v1.DetectionService/CreateMaintenanceWindow': act(
    'operator',
    'whole',
    'maintenance.create',
    'answer.window.id',
    'nodes',
    'services',
    'labels',
    'everything',
    'endsAt',
    'reason',
  ),
  '/hephaestus.v1.DetectionService/ListMaintenanceWindows': look('viewer', 'whole'),
  '/hephaestus.v1.DetectionService/EndMaintenanceWindow': act('operator', 'whole', 'maintenance.end', 'answer.window.id'),
  '/hephaestus.v1.DetectionService/AddRule': act('operator', 'whole', 'rule.add', 'rule.name', 'rule.count', 'rule.window', 'rule.pattern'),
  '/hephaestus.v1.DetectionService/ListRules': look('viewer', 'whole'),
  '/hephaestus.v1.DetectionService/RemoveRule': act('operator', 'whole', 'rule.remove', 'name'),
  // What was said to a model, and what it costs, is of all repositories.
  '/hephaestus.v1.ModelService/ListModels': look('viewer', 'any'),
  '/hephaestus.v1.ModelService/CheckModels': look('operator', 'any'),
  '/hephaestus.v1.ModelService/GetModelUsage': look('viewer', 'whole'),
  '/hephaestus.v1.ModelService/ListModelExchanges': look('operator', 'whole'),
  '/hephaestus.v1.SystemService/GetStatus': look('viewer', 'any'),
  '/hephaestus.v1.SystemService/GetConfiguration': look('viewer', 'any'),
  '/hephaestus.v1.SystemService/Diagnose': look('operator', 'whole'),
  '/hephaestus.v1.OperatorService/CreateOperator': act(
    'admin',
    'whole',
    'operator.create',
    'name',
    'role',
    'repositories',
    'nodeLabels',
    'answer.operator.id',
    'answer.operator.expiresAt',
  ),
  '/hephaestus.v1.OperatorService/ListOperators': look('admin', 'whole'),
  '/hephaestus.v1.OperatorService/RevokeOperator': act('admin', 'whole', 'operator.revoke', 'operator', 'answer.operator.id'),
  '/hephaestus.v1.OperatorService/GetSelf': look('viewer', 'any'),
  // Certificates are public; whoever is to trust a new one needs it.
  '/hephaestus.v1.AuthorityService/GetAuthority': look('viewer', 'any'),
  '/hephaestus.v1.AuthorityService/StageAuthority': act('admin', 'whole', 'authority.stage', 'answer.authority.nextHash'),
  '/hephaestus.v1.AuthorityService/ActivateAuthority': act('admin', 'whole', 'authority.activate', 'answer.authority.currentHash', 'force'),
  '/hephaestus.v1.AuthorityService/RetireAuthority': act('admin', 'whole', 'authority.retire', 'answer.authority.currentHash', 'force'),
  '/hephaestus.v1.AuditService/ListAuditRecords': look('admin', 'whole'),
  '/hephaestus.v1.AuditService/ExportAuditRecords': look('admin', 'whole'),
  '/hephaestus.v1.AuditService/VerifyAuditLog': look('admin', 'whole'),
  '/hephaestus.v1.SecretService/SetSecret': act('admin', 'whole', 'secret.set', 'name'),
  '/hephaestus.v1.SecretService/ListSecrets': look('admin', 'whole'),
  '/hephaestus.v1.SecretService/RemoveSecret': act('admin', 'whole', 'secret.remove', 'name'),
  '/grpc.health.v1.Health/Check': look('open', 'any'),
  '/grpc.health.v1.Health/Watch': look('open', 'any'),
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': look('viewer', 'any'),
};

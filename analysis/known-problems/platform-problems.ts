// Known problems of container platforms and of programs themselves.
// Must never hold matching logic; see known-problem.ts for how signatures are written.
import type { KnownProblem } from './known-problem.ts';

export const platformProblems: readonly KnownProblem[] = [
  {
    id: 'image-pull-failed',
    title: 'A container image cannot be pulled',
    severity: 'error',
    isOne: true,
    cause: 'The name or tag is wrong, the registry refuses or limits the pull, or it cannot be reached.',
    impact: 'The container does not start; a rollout stands still.',
    remedy: 'Pull it by hand on the node; correct the name or the pull secret, or mirror the image.',
    signatures: [
      '!imagepullbackoff|errimagepull|back-off pulling image|invalidimagename|errimageneverpull',
      'failed to pull image|failed to pull|error pulling image|pull access denied|manifest unknown|manifest for*not found|repository does not exist|failed to register layer|toomanyrequests: you have',
    ],
  },
  {
    id: 'volume-mount-failed',
    title: 'A volume cannot be attached or mounted',
    severity: 'error',
    cause: 'The volume is held by another node, does not exist, has the wrong zone, filesystem or rights, or its server does not answer.',
    impact: 'The container or service that needs it cannot start.',
    remedy: "See the volume's state and who holds it, detach it there, check the storage driver and its permissions.",
    signatures: [
      '!failedmount|failedattachvolume|multi-attach error|failedmapvolume',
      'failed to mount|unable to mount|mount failed|mount.nfs|unable to attach|failed to attach|mountvolume|attachvolume|could not mount|cannot mount|mounting*failed|timed out waiting for the condition*volume|unmounted volumes|stale file handle|stale nfs',
      'volume ... not found|failed|error|timeout|timed out|unable|cannot|denied|not bound|unbound|not permitted',
      'persistentvolumeclaim ... not found|unbound|pending|lost',
      'volumesnapshot|csi ... failed|error|not found|timeout',
    ],
  },
  {
    id: 'scheduling-failed',
    title: 'Work cannot be placed on any node',
    severity: 'error',
    cause: 'No node has enough free CPU, memory, devices or addresses, or labels, taints and limits rule all of them out.',
    impact: 'The work waits; a rollout or a job stands still.',
    remedy: 'Read which rule excludes how many nodes, free or add capacity, or lower what is requested.',
    signatures: [
      "!failedscheduling|nodes are available: |insufficient cpu|insufficient memory|unschedulable|didn't match node selector|didn't match pod|exceeded quota: ",
      'failed to allocate|cannot allocate|no more ip|no ips available|no available ip|ip exhaustion|failed to assign an ip|insufficient capacity|insufficientinstancecapacity|insufficientfreeaddresses|not enough capacity|no capacity|no valid host|failed to launch instance|allocation failed|failed to create pod sandbox|failedcreatepodsandbox|networkplugin cni failed|no nodes available|failed to schedule|failed to provision|failed to scale|evicted*node|evicted*pod|eviction manager',
      'failed to bind port|port binding*fail|failed to allocate the network|draining*failed',
    ],
  },
  {
    id: 'control-plane-call-failed',
    title: 'A controller or agent cannot do its work on the platform',
    severity: 'error',
    cause: 'Its calls to the platform are refused, time out, or name things that are not there; admission checks may stand in the way.',
    impact: 'What it manages is no longer brought to the wanted state.',
    remedy: 'Read the refused call: check rights, the called service, and whether the named object or type exists.',
    signatures: [
      "failed to watch|failed to list|failed to get node|failed to register|unable to register|reconciler error|failed to reconcile|failed calling webhook|admission webhook|failed to sync|sync failed|failed to update status|failed to patch|failed to create resource|failed to create namespaced|error syncing|failed to get|unable to write event|failed to update|failed to refresh|failed to fetch|failed to retrieve|failed to list|unable to fetch|unable to get|unable to retrieve|unable to update|unable to find|can't initialize|cannot initialize|xds|error creating|error updating|error getting|failed to delete|failed to create|unable to create",
      'webhook ... fail|failed|error|denied|refused|timeout|not',
      'containers with unready status|failedcreate|failed to generate|failed to enable|failed to setup|failed to set up|failed to configure|operatorconfig|drift*detected',
      'secret|configmap|serviceaccount|object|resource|namespace|pod|deployment ... not found|missing|does not exist',
    ],
  },
  {
    id: 'program-error',
    title: 'A program failed on its own error',
    severity: 'error',
    cause:
      'The program met a case its code does not handle: a missing value, an unexpected type, an index out of range, an unhandled error.',
    impact: 'The request or task fails, or the whole process ends.',
    remedy: 'The stack trace names the place; guard the value there, and see what input or change led to it.',
    signatures: [
      '!panic: |panicked at|fatal error: |goroutine*[running]',
      'nil pointer dereference|null pointer|nullpointerexception|nullreferenceexception|undefined is not|cannot read propert|nonetype|typeerror|valueerror|keyerror|indexerror|runtimeerror|runtime error|illegalstateexception|illegalargumentexception|index out of range|out of bounds|divide by zero|division by zero|function_clause|badmatch|case_clause|badarg|referenceerror|nameerror|attributeerror|unboundlocal|zerodivision|stopiteration|assertionerror|classcastexception|concurrentmodification|data race|use after free|race condition',
      'unhandled exception|uncaught exception|unhandled error|unhandled rejection|unhandledpromise|uncaughtexception|uncaught error|unexpected exception|unexpected error|exception occurred|exception in thread|traceback (most recent|internal server error|internal error|500 internal|fatal exception|critical error|caught exception|encountered an error',
      'failed to detach|failed to serialize|failed to deserialize|serializationerror|unmarshalerror|failed to unmarshal|failed to marshal|failed to decode|failed to encode|decode error|jsondecodeerror|invalid json|malformed|unexpected token|unexpected end of|parse error|unparseable|cannot deserialize|deserialization',
    ],
  },
  {
    id: 'file-missing',
    title: 'A file or folder that is needed is not there',
    severity: 'error',
    cause: 'It was moved, deleted or never installed, or a path or mount is wrong.',
    impact: 'What reads it fails, often at start.',
    remedy: 'See whether the path is right and its mount present; restore or install the file.',
    signatures: [
      'no such file or directory|enoent|filenotfound|file not found|cannot open file|could not open file|failed to open|unable to open|cannot find the file|missing file|directory not found|is not a directory|does not exist',
    ],
  },
];

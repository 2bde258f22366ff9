// How likely the fault is in a file or function, judged by its role: the one that checks, reports or dispatches seldom has the fault.
// Must never rule anything out; it weighs.

export interface RoleWeights {
  /** Tests show problems. */
  readonly test: number;
  /** Documentation, examples, vendored and generated files. */
  readonly aside: number;
  /** Files that everybody calls: `utils.py`, `common/`, `StringUtils.java`. */
  readonly utility: number;
  readonly utilityFolder: number;
  /** Functions that check and report: `validate`, `assertThat`, `raise_error`. */
  readonly messenger: number;
  /** Functions that only pass on: `emit`, `invoke`, `__getattr__`, `wrapper`. */
  readonly carrier: number;
}

const testPath =
  /(?:^|\/)(?:tests?|__tests__|spec|specs|testing|test-?utils?|e2e|it|integration-tests?)\/|(?:^|\/)(?:test_[^/]*|conftest)\.py$|[._-](?:test|tests|spec)\.\w+$|(?:^|\/)Test[A-Z]\w*\.(?:java|kt|scala|cs)$|(?:Test|Tests|IT|TestCase|Spec)\.(?:java|kt|scala|cs|groovy)$/;
const asidePath =
  /(?:^|\/)(?:docs?|examples?|samples?|benchmarks?|fixtures?|testdata|vendor|third_party|node_modules|Godeps|scripts?|tools?)\/|\.(?:md|rst|txt|lock|min\.js|map|po|svg)$|(?:^|\/)CHANGE/i;
const utilityFolder = /(?:^|\/)(?:utils?|utilities|helpers?|commons?|compat|support|shared)\//;
const utilityPath =
  /(?:^|[/_-])(?:utils?|helpers?|common|compat|errors?|exceptions?|assert|assertions?|preconditions|recovery|validators?)\.\w+$|(?:Utils?|Helpers?|Preconditions|Validate|Validator|Reporter|Exceptions?|Assertions?|Assert)\.\w+$/;
const messengerFunction =
  /^_*(?:validate|verify|check|assert|ensure|require|expect|raise|throw|fail|report|error|warn|invalid|unexpected|abort|panic|die|recover|onpanic|on_error|handle_?error|violation|invariant|log_?exception)/i;
const carrierFunction =
  /^_*(?:emit|dispatch|invoke|call|apply|run|exec|execute|handle|next|traverse|visit|walk|wrapper|wrapped|wrap|inner|decorat|proxy|delegate|getattr|get_?attribute|getattribute|listcomp|genexpr|lambda|anonymous|main|each|map|reduce|foreach)|(?:wrapper|decorator|wrapped)$/i;

export function isTest(path: string): boolean {
  return testPath.test(path);
}

export function weighPath(path: string, weights: RoleWeights): number {
  if (testPath.test(path)) return weights.test;
  if (asidePath.test(path)) return weights.aside;
  if (utilityPath.test(path)) return weights.utility;
  return utilityFolder.test(path) ? weights.utilityFolder : 1;
}

export function weighFunction(name: string | undefined, weights: RoleWeights): number {
  if (name === undefined) return 1;
  const last =
    name
      .replace(/[<>]/g, '')
      .split(/[.:#$/ ]/)
      .findLast((part) => part !== '' && !/^func\d*$|^\d+$/.test(part)) ?? '';
  if (messengerFunction.test(last)) return weights.messenger;
  return carrierFunction.test(last) ? weights.carrier : 1;
}

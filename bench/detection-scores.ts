// Scores of detection: was the faulty service among the first alerted, and which lines were alerted rightly.
// Must never look at text.

/** What was alerted in one fault's window, strongest first. */
export interface FaultOutcome {
  readonly service: string;
  readonly alerted: readonly string[];
}

/** AS@k: the share of faults whose service is among the first k alerted ones. */
export function serviceAt(outcomes: readonly FaultOutcome[], k: number): number {
  if (outcomes.length === 0) return 0;
  return outcomes.filter(({ service, alerted }) => alerted.slice(0, k).includes(service)).length / outcomes.length;
}

/** F1 of yes-or-no answers. */
export function f1Of(answers: readonly { readonly said: boolean; readonly truth: boolean }[]): number {
  const hits = answers.filter(({ said, truth }) => said && truth).length;
  const said = answers.filter((answer) => answer.said).length;
  const truth = answers.filter((answer) => answer.truth).length;
  return said + truth === 0 ? 0 : (2 * hits) / (said + truth);
}

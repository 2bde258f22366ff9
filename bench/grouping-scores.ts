// The scores of Loghub-2.0 (GA, FGA, PA, FTA), computed from their definitions, and the template rules they compare by.
// Must never look at what made the groups; it gets lines' predicted and true groups and texts.

export interface Assignment {
  /** Name of the predicted group. */
  readonly group: string;
  /** Predicted template, with any `<mask>`. */
  readonly predicted: string;
  /** True template; it is the true group's name too. */
  readonly truth: string;
}

export interface GroupingScores {
  /** Share of lines whose predicted group holds exactly the lines of their true group. */
  readonly ga: number;
  /** F1 over groups: a predicted group counts if it is exactly a true one. */
  readonly fga: number;
  /** Share of lines whose template reads like the true one. */
  readonly pa: number;
  /** F1 over groups: the group is exact and its template reads like the true one. */
  readonly fta: number;
  readonly predictedGroups: number;
  readonly trueGroups: number;
}

export function scoreGrouping(lines: readonly Assignment[]): GroupingScores {
  const predicted = new Map<string, { truths: Set<string>; size: number; text: string }>();
  const trueSizes = new Map<string, number>();
  const normal = new Map<string, string>();
  const normalised = (text: string): string => {
    let result = normal.get(text);
    if (result === undefined) normal.set(text, (result = normaliseTemplate(text)));
    return result;
  };
  let right = 0;
  for (const line of lines) {
    const group = predicted.get(line.group);
    if (group === undefined) predicted.set(line.group, { truths: new Set([line.truth]), size: 1, text: line.predicted });
    else {
      group.truths.add(line.truth);
      group.size++;
    }
    trueSizes.set(line.truth, (trueSizes.get(line.truth) ?? 0) + 1);
    if (normalised(line.predicted) === normalised(line.truth)) right++;
  }
  let exactLines = 0;
  let exactGroups = 0;
  let exactTexts = 0;
  for (const group of predicted.values()) {
    const [truth, another] = group.truths;
    if (truth === undefined || another !== undefined || trueSizes.get(truth) !== group.size) continue;
    exactLines += group.size;
    exactGroups++;
    if (normalised(group.text) === normalised(truth)) exactTexts++;
  }
  const f1 = (hits: number): number => (hits === 0 ? 0 : (2 * hits) / (predicted.size + trueSizes.size));
  return {
    ga: ratio(exactLines, lines.length),
    fga: f1(exactGroups),
    pa: ratio(right, lines.length),
    fta: f1(exactTexts),
    predictedGroups: predicted.size,
    trueGroups: trueSizes.size,
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/**
 * A template as the benchmark compares it, after the correction rules of Khan et al. (ICSE 2022) that Loghub-2.0 applies:
 * blanks collapsed, digits, booleans, stock user words and paths are variables, a word glued to a variable is one,
 * and neighbouring variables are one. Applied to prediction and truth alike; named masks become `<*>` first.
 */
export function normaliseTemplate(template: string): string {
  let text = template
    .replace(/<(?:num|hex|uuid|ip|mac|path|url|duration|size|time|email|quoted|host|id|bool)>/g, '<*>')
    .replace(/\s+/g, ' ')
    .trim();
  text = text
    .split(/([\s,!;:=|"'[\](){}])/)
    .map((piece) => (/^(?:\/[^/]+)+$/.test(piece) ? '<*>' : piece))
    .join('');
  text = text
    .split(/([\s,!;:=|"'[\](){}.\-+@#$%&])/)
    .map((piece) => {
      if (/^(?:true|false|null|root|admin)$/i.test(piece) || /^\d+$/.test(piece)) return '<*>';
      return /^[^\s/]*<\*>[^\s/]*$/.test(piece) ? '<*>' : piece;
    })
    .join('');
  for (let before = ''; before !== text;) {
    before = text;
    text = text
      .replaceAll('<*>.<*>', '<*>')
      .replaceAll('<*><*>', '<*>')
      .replaceAll(' #<*># ', ' <*> ')
      .replaceAll(' #<*> ', ' <*> ')
      .replace(/<\*>[:#/@,]<\*>/g, '<*>')
      .replaceAll(' "<*>" ', ' <*> ')
      .replaceAll(" '<*>' ", ' <*> ');
  }
  return text;
}

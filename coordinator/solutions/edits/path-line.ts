// Which line of an answer names the file that what follows is about.
// Must never take a sentence for a path.

/** A line that is a path with decoration: `**src/a.js**`, `### src/a.js (lines 3-9)`, `1. **File: \`src/a.js\`**`, `// src/a.js`. */
export function pathIn(line: string): string | undefined {
  let bare = line.trim().replace(/^(?:#+|[-*]|\d+[.)])\s+/, '');
  // Decoration may stand around the label, around the path, or around both.
  for (let round = 0; round < 3; round += 1) {
    bare = bare
      .replace(/^(?:\/\/|#|--|<!--|\/\*)\s*/, '')
      .replaceAll(/^[`*_"'[(]+|[`*"':,\])]+$/g, '')
      .replace(/^(?:in\s+)?(?:the\s+)?(?:file\s*(?:name|path)?|path)\s*[:=]?\s+/i, '')
      .replace(/\s*[([](?:lines?|L)\s*[\d\s,–-]{1,30}$/i, '')
      .replace(/\s*(?:-->|\*\/)?$/, '');
  }
  bare = bare.replace(/(?:#L|:)\d+(?:[-:–]L?\d+)?$/, '');
  return bare !== '' &&
    !/\s/.test(bare) &&
    (/[./]/.test(bare) || /^[A-Z]\w+file$/.test(bare)) &&
    !/^https?:/.test(bare) &&
    !/[<>|;{}()=]/.test(bare)
    ? bare
    : undefined;
}

/** The path that the opening line of a fence has: `js src/a.js`, `js:src/a.js`, `js title="src/a.js"`. */
export function pathInFence(line: string): string | undefined {
  const info = /^\s*(?:`{3,}|~{3,})\s*(\S.*)$/.exec(line)?.[1];
  if (info === undefined) return undefined;
  const titled = /\b(?:title|file(?:name)?|path)\s*=\s*["']?([\w./@-]+\.\w+)["']?/i.exec(info)?.[1];
  return titled ?? /(?:^|[:\s])([\w./@-]+\.\w+)(?::\d+(?:-\d+)?)?\s*$/.exec(info)?.[1];
}

const fence = /^\s*(?:`{3,}|~{3,})/;

/** The path on one of the lines before a block, past fences and blank lines. */
export function pathAbove(lines: readonly string[], index: number, isEnd: (line: string) => boolean): string | undefined {
  for (let back = 1; back <= 4; back += 1) {
    const line = lines[index - back];
    if (line === undefined || isEnd(line)) return undefined;
    const inFence = pathInFence(line);
    if (inFence !== undefined) return inFence;
    if (line.trim() === '' || fence.test(line)) continue;
    return pathIn(line);
  }
  return undefined;
}

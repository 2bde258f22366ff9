// Text from logs, models and repositories, made harmless for a forge.
// Must never be skipped for anything that a stranger may have written.
import { plainText } from './output-tail.ts';

/**
 * Disarms what a forge acts on: `@name`, closing words before an issue's number, commands at the beginning of a line, trailers, words
 * that skip checks, HTML, images and links, and what looks like a key. Control and hidden characters are removed; the only ones left
 * are those that are put in here to part what would act.
 */
export function neutralise(text: string): string {
  const zeroWidth = '\u200b';
  return (
    plainText(text)
      .replaceAll(/<!--[\s\S]*?(?:-->|$)/g, '')
      .replaceAll(/&(?=#\w{1,8};?|[a-z]\w{1,30};)/gi, '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll(/!\[([^\]\n]{0,200})\]\([^)\n]{0,2000}\)/g, '[image: $1]')
      .replaceAll(/\[([^\]\n]{0,200})\]\((?:https?:|\/\/|javascript:|data:)[^)\n]{0,2000}\)/gi, '$1')
      .replaceAll(/^([ \t]{0,3}\[[^\]\n]{1,200}\]):(?=[ \t]*\S)/gm, `$1${zeroWidth}:`)
      // What is left of images and links, such as one whose end was cut off.
      .replaceAll('![', `!${zeroWidth}[`)
      .replaceAll('](', `]${zeroWidth}(`)
      .replaceAll(/\b(https?|ftp|mailto|javascript|data):(?=\S)/gi, `$1:${zeroWidth}`)
      .replaceAll(/\bwww\.(?=\w)/gi, `www.${zeroWidth}`)
      .replaceAll(/@(?=[A-Za-z0-9])/g, `@${zeroWidth}`)
      .replaceAll(
        /\b(close[sd]?|closing|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)(:?\s+)(?=(?:[\w.-]+\/[\w.-]+)?(?:[#!]|GH-)\d)/gi,
        `$1${zeroWidth}$2`,
      )
      .replaceAll(/([#!]|GH-)(?=\d)/gi, `$1${zeroWidth}`)
      .replaceAll(/^([ \t>*-]{0,8})\/(?=[a-z_-]{1,40}(?:[ \t]|$))/gim, `$1${zeroWidth}/`)
      .replaceAll(/^((?:[a-z]+-)*by|change-id|hephaestus-[a-z]+)(?=[ \t]*:)/gim, `$1${zeroWidth}`)
      .replaceAll(/(?:\[|\*{3})(?=(?:skip|no|ci|azure|actions)[ _-])/gi, `$&${zeroWidth}`)
      .replaceAll(
        /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{20,}|AKIA[A-Z0-9]{16}|xox[abprs]-[\w-]{10,})/g,
        '[secret removed]',
      )
  );
}

// The anchors of all credentials that are known.
// Must never judge what stands there; the probes do.
import { anchorGroups } from './anchor-groups.ts';
import { AnchorTable } from './anchor-table.ts';
import { commandProbes } from './command-probe.ts';
import { foreignWordProbes } from './foreign-word-probe.ts';
import { formats } from './formats.ts';
import { hashProbe } from './hash-probe.ts';
import { headerProbes } from './header-probe.ts';
import { keyShapes } from './key-shapes.ts';
import { linkProbes } from './link-probe.ts';
import { namedValueProbe } from './named-value-probe.ts';
import { prefixProbes } from './prefix-probe.ts';
import { privateKeyProbe, puttyKeyProbe } from './private-key-probe.ts';
import { sentenceProbes } from './sentence-probe.ts';
import { shapeProbes } from './shape-probes.ts';
import { urlProbe } from './url-probe.ts';

/** Of all credentials that are known. */
export const credentialAnchors = new AnchorTable(
  [
    namedValueProbe,
    urlProbe,
    privateKeyProbe,
    puttyKeyProbe,
    hashProbe,
    ...headerProbes,
    ...commandProbes,
    ...sentenceProbes,
    ...foreignWordProbes,
    ...linkProbes,
    ...shapeProbes,
    ...keyShapes,
    ...prefixProbes(formats),
  ],
  anchorGroups,
);

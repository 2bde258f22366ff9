// What a coordinator may ask of an agent, and who carries it out.
// Must never grow a way to run a program of the coordinator's choice; this list is the whole of it.

export interface ConfigurationOffer {
  readonly version: number;
  /** Opaque: it is echoed, never computed here. */
  readonly hash: string;
  /** The settings in the shape of the agent's configuration file, unchecked. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** Which configuration runs, and what became of the one offered last. Hashes are empty for "none". */
export interface ConfigurationState {
  readonly offeredHash: string;
  readonly runningHash: string;
  readonly lastFailedHash: string;
  /** Every reason for the failure, with the setting's path. */
  readonly reasons: readonly string[];
}

export type Directive =
  | { readonly kind: 'collect-context'; readonly source: string; readonly lines: number }
  | { readonly kind: 'rescan' }
  | { readonly kind: 'rotate-certificate' }
  | { readonly kind: 'set-log-level'; readonly level: string };

export interface DirectiveOutcome {
  readonly ok: boolean;
  readonly message: string;
  readonly payload: Buffer;
}

export interface DirectiveHandler {
  configurationState(): ConfigurationState;
  /** Validates, plans, applies. A bad configuration changes nothing and is told in the state. */
  configure(offer: ConfigurationOffer): Promise<ConfigurationState>;
  /** All but `rotate-certificate`, which is the session's own. */
  carryOut(directive: Directive): Promise<DirectiveOutcome>;
}

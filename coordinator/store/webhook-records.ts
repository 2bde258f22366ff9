// Remembers which webhooks were taken, so that none is taken twice.
// Must never keep what they said.
import type { WebhookStore } from '../remote/webhook.ts';
import type { Database } from './database.ts';

export function createWebhookStore(database: Database): WebhookStore {
  return {
    async remember(digest, nowMs) {
      const result = await database
        .insertInto('webhook_deliveries')
        .values({ digest, received_at_ms: nowMs })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async forget(beforeMs) {
      await database.deleteFrom('webhook_deliveries').where('received_at_ms', '<', beforeMs).execute();
    },
  };
}

// Keeps maintenance windows and the threshold rules that operators added.
// Must never decide what a window covers or whether a rule is met.
import { thresholdRuleSchema, type RuleStore } from '../incidents/threshold-rule.ts';
import type { MaintenanceStore, MaintenanceWindow } from '../incidents/maintenance.ts';
import type { Database } from './database.ts';

export function createMaintenanceStore(database: Database): MaintenanceStore {
  return {
    async list(endAfterMs) {
      const rows = await database
        .selectFrom('maintenance_windows')
        .select('window_json')
        .where('ends_at_ms', '>', endAfterMs)
        .orderBy('ends_at_ms', 'desc')
        .orderBy('id', 'desc')
        .execute();
      return rows.map((row) => JSON.parse(row.window_json) as MaintenanceWindow);
    },
    async save(window) {
      const row = { starts_at_ms: window.startsAtMs, ends_at_ms: window.endsAtMs, window_json: JSON.stringify(window) };
      await database
        .insertInto('maintenance_windows')
        .values({ id: window.id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },
  };
}

export function createRuleStore(database: Database): RuleStore {
  return {
    async list() {
      const rows = await database.selectFrom('detection_rules').select('rule_json').orderBy('name').execute();
      return rows.map((row) => {
        const { rule, origin } = JSON.parse(row.rule_json) as { rule: unknown; origin: string };
        // An older version may have known fewer settings; what it left out has its default.
        return { rule: thresholdRuleSchema.parse(rule), origin };
      });
    },
    async add(kept, nowMs) {
      const result = await database
        .insertInto('detection_rules')
        .values({ name: kept.rule.name, created_at_ms: nowMs, rule_json: JSON.stringify(kept) })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async remove(name) {
      const result = await database.deleteFrom('detection_rules').where('name', '=', name).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

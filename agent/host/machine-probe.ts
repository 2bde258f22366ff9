// The program that asks systeminformation what machine this is, prints the answer as JSON, and ends.
// Must never be imported by the agent: what it loads is gone with its process.
import { cpu, osInfo, system } from 'systeminformation';
import type { MachineFacts } from './machine-facts.ts';

const [machine, os, processor] = await Promise.all([system(), osInfo(), cpu()]);
const facts: MachineFacts = {
  virtualization: machine.virtual ? (machine.virtualHost === '' ? 'virtual' : (machine.virtualHost ?? 'virtual')) : '',
  manufacturer: machine.manufacturer,
  model: machine.model,
  os: os.distro,
  osVersion: os.release,
  cpuModel: [processor.manufacturer, processor.brand].filter((part) => part !== '').join(' '),
  cpuCores: processor.cores,
};
process.stdout.write(JSON.stringify(facts));

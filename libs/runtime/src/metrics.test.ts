import { describe, expect, it } from '@jest/globals';
import { InMemoryMetrics } from './metrics.js';

describe('metrics in memory', () => {
  it('count from nothing, by one or by more', () => {
    const metrics = new InMemoryMetrics();
    metrics.count('events_total');
    metrics.count('events_total', undefined, 4);
    expect(metrics.value('events_total')).toBe(5);
    expect(metrics.value('never_counted')).toBe(0);
  });

  it('keep the values of different labels apart', () => {
    const metrics = new InMemoryMetrics();
    metrics.count('events_total', { outcome: 'accepted', partition: 0 });
    metrics.count('events_total', { outcome: 'accepted', partition: 1 }, 2);
    expect(metrics.value('events_total', { outcome: 'accepted', partition: 0 })).toBe(1);
    expect([...metrics.values.keys()]).toEqual([
      'events_total{outcome="accepted",partition="0"}',
      'events_total{outcome="accepted",partition="1"}',
    ]);
  });

  it('set gauges to the last value', () => {
    const metrics = new InMemoryMetrics();
    metrics.gauge('lag_events', 7);
    metrics.gauge('lag_events', 3);
    expect(metrics.value('lag_events')).toBe(3);
  });
});

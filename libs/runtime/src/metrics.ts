/** Where a service counts what it does. Names are snake_case with the unit last; label values are few. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: string, labels?: MetricLabels, by?: number): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: MetricLabels): void;
}

export type MetricLabels = Readonly<Record<string, string | number>>;

/** Keeps the present values in memory, keyed `name{label="value",…}` with labels in the order given. */
export class InMemoryMetrics implements Metrics {
  readonly values = new Map<string, number>();

  count(name: string, labels?: MetricLabels, by = 1): void {
    const key = metricKey(name, labels);
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  gauge(name: string, value: number, labels?: MetricLabels): void {
    this.values.set(metricKey(name, labels), value);
  }

  value(name: string, labels?: MetricLabels): number {
    return this.values.get(metricKey(name, labels)) ?? 0;
  }
}

function metricKey(name: string, labels: MetricLabels | undefined): string {
  if (labels === undefined) return name;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(String(value))}`);
  return `${name}{${pairs.join(',')}}`;
}

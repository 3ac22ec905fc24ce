import { ChronoUnit, Duration } from '@js-joda/core';

/** A duration in microseconds for a person: three or four digits, in the unit that fits. */
export function formatDuration(micros: number): string {
  if (micros < 1_000) return `${micros} µs`;
  if (micros < 99_950) return `${(micros / 1_000).toFixed(1)} ms`;
  if (micros < 999_500) return `${Math.round(micros / 1_000)} ms`;
  if (micros < 59_995_000) return `${(micros / 1_000_000).toFixed(2)} s`;
  const seconds = Duration.of(Math.round(micros / 1_000_000), ChronoUnit.SECONDS);
  const [hours, minutes] = [seconds.toHours(), seconds.toMinutes()];
  if (hours === 0) return `${minutes} min ${pad(seconds.seconds() - minutes * 60)} s`;
  return `${hours} h ${pad(minutes - hours * 60)} min`;
}

/** How long ago something was, in microseconds, for a person: its largest unit alone. */
export function formatAge(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3_600);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

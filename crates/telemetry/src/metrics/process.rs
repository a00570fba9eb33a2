//! What Linux tells of the process in `/proc`. Elsewhere these metrics are absent.

use std::fs;
use std::path::Path;

use super::families::ProcessFamilies;

/// Ticks a second in `/proc`, the same on every Linux that matters.
const TICKS_PER_SECOND: f64 = 100.0;

/// Whether there is anything to read.
pub(super) fn is_known() -> bool {
    Path::new("/proc/self/stat").exists()
}

/// Reads everything anew; what cannot be read stays as it was.
pub(super) fn read_into(families: &ProcessFamilies) {
    let stat = read("/proc/self/stat");
    if let Some(seconds) = cpu_seconds(&stat) {
        families.cpu.inc_by((seconds - families.cpu.get()).max(0.0));
    }
    // It never changes, and the system's own page is long.
    if families.start_time.get() == 0.0 {
        families.start_time.set(start_seconds(&stat, &read("/proc/stat")).unwrap_or_default());
    }
    let status = read("/proc/self/status");
    let gauges = [
        (&families.resident_memory, status_number(&status, "VmRSS:").map(kibibytes)),
        (&families.virtual_memory, status_number(&status, "VmSize:").map(kibibytes)),
        (&families.threads, status_number(&status, "Threads:")),
        (&families.max_fds, open_files_limit(&read("/proc/self/limits"))),
        (&families.open_fds, count_open_files()),
    ];
    for (gauge, value) in gauges {
        value.into_iter().for_each(|value| gauge.set(value));
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The fields of `stat` from the third on: the second, the name, may hold anything in parentheses.
fn stat_number(stat: &str, field: usize) -> Option<f64> {
    let (_, from_third) = stat.rsplit_once(") ")?;
    from_third.split(' ').nth(field - 3)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((stat_number(stat, 14)? + stat_number(stat, 15)?) / TICKS_PER_SECOND)
}

fn start_seconds(stat: &str, system_stat: &str) -> Option<f64> {
    let boot = system_stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    Some(boot.trim().parse::<f64>().ok()? + stat_number(stat, 22)? / TICKS_PER_SECOND)
}

fn status_number(status: &str, name: &str) -> Option<i64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

fn kibibytes(count: i64) -> i64 {
    count * 1024
}

fn open_files_limit(limits: &str) -> Option<i64> {
    let values = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    values.split_whitespace().next()?.parse().ok()
}

fn count_open_files() -> Option<i64> {
    // The listing itself is one of them.
    let count = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    i64::try_from(count).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str =
        "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 12345 1000 200 18446744073709551615 1";

    #[test]
    fn stat_is_read_past_the_name() {
        assert_eq!(cpu_seconds(STAT), Some(3.0));
        assert_eq!(start_seconds(STAT, "cpu 1 2\nbtime 1000\n"), Some(1123.45));
        assert_eq!(cpu_seconds("7 (a"), None);
    }

    #[test]
    fn status_and_limits_are_read() {
        assert_eq!(
            status_number("VmSize:\t  9 kB\nVmRSS:\t    2048 kB\n", "VmRSS:").map(kibibytes),
            Some(2_097_152)
        );
        assert_eq!(open_files_limit("Limit  Soft  Hard\nMax open files  1024  4096  files\n"), Some(1024));
        assert_eq!(open_files_limit("Max open files  unlimited  unlimited  files\n"), None);
    }
}

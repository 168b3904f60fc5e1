//! How busy the machine is.

/// The load average of the last minute, rounded to a whole number; 0 where it cannot be had.
pub fn average() -> i64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    first.map_or(0, |load| load.round() as i64)
}

/// Processors of this machine; QueueLA and RefuseLA grow with them by default.
pub fn processors() -> i64 {
    nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN).ok().flatten().unwrap_or(1)
}

//! What every target has in common: its arguments, and where a finding is written.

use std::{env, fs, path::PathBuf, process::ExitCode, time::Duration};

pub(crate) struct Settings {
    pub(crate) seconds: u64,
    pub(crate) seed: u64,
    pub(crate) slowest: Duration,
    pub(crate) seeds: Vec<Vec<u8>>,
}

pub(crate) fn settings(seeds: &[&str]) -> Result<Settings, String> {
    let mut settings = Settings {
        seconds: 60,
        seed: 1,
        slowest: Duration::from_secs(1),
        seeds: seeds.iter().map(|text| text.as_bytes().to_vec()).collect(),
    };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let value = arguments.next().ok_or(format!("{argument} needs a number"))?;
            value.parse::<u64>().map_err(|_| format!("{argument} needs a number"))
        };
        match argument.as_str() {
            "--seconds" => settings.seconds = number()?,
            "--seed" => settings.seed = number()?,
            "--slowest" => settings.slowest = Duration::from_millis(number()?),
            file => settings.seeds.push(fs::read(file).map_err(|error| format!("{file}: {error}"))?),
        }
    }
    Ok(settings)
}

pub(crate) fn report(target: &str, input: &[u8], finding: &str) -> ExitCode {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("artifacts");
    let hash = input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let path = folder.join(format!("{target}-{hash:016x}"));
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, input));
    eprintln!("finding: {finding}\ninput: {} ({written:?})", path.display());
    ExitCode::FAILURE
}

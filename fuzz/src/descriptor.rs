//! Mutates descriptors and checks that reading, rendering and migrating any of them ends, without a panic, within
//! the limits.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml -- --seconds 600 [--seed N] [--slowest MILLISECONDS] [FILE]…` takes further seeds from
//! files; a finding is written to `fuzz/artifacts/` and ends the run with exit code 1. A plain program rather than a libFuzzer
//! target, so that the stable toolchain builds it everywhere.

mod mutate;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use mutate::Mutator;
use tieline_core::{
    descriptor::{
        CODES, Options, check, migrate,
        model::{Format, Place},
        render,
    },
    reference::Reference,
};

const SEEDS: [&str; 4] = [
    include_str!("../seeds/component.yaml"),
    include_str!("../seeds/component-config.yaml"),
    include_str!("../seeds/endpoints.yaml"),
    include_str!("../seeds/odd.yaml"),
];

struct Settings {
    seconds: u64,
    seed: u64,
    slowest: Duration,
    seeds: Vec<Vec<u8>>,
}

fn main() -> ExitCode {
    let settings = match settings() {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("error[usage]: {message}");
            return ExitCode::from(2);
        }
    };
    let mut mutator = Mutator::new(settings.seed, settings.seeds);
    let (start, mut runs, mut worst) = (Instant::now(), 0_u64, Duration::ZERO);
    while start.elapsed() < Duration::from_secs(settings.seconds) {
        let input = mutator.next_input();
        let begin = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| exercise(&input)));
        let took = begin.elapsed();
        worst = worst.max(took);
        runs += 1;
        match outcome {
            Ok(Ok(marks)) => mutator.learn(input, marks),
            Ok(Err(finding)) => return report(&input, &finding),
            Err(_) => return report(&input, "a panic"),
        }
        if took > settings.slowest {
            return report(mutator.last(), &format!("it took {took:?}"));
        }
    }
    println!("{runs} runs, {} inputs kept, slowest {worst:?}, no finding", mutator.kept());
    ExitCode::SUCCESS
}

/// Runs everything that reads a descriptor. The outcome names what the input reached, so that new ground is kept.
fn exercise(input: &[u8]) -> Result<Vec<String>, String> {
    let mut marks = Vec::new();
    let source = String::from_utf8_lossy(input);
    for (format, place) in [
        (None, Place::Tieline),
        (Some(Format::Component), Place::Choreo),
        (Some(Format::ComponentConfig), Place::None),
        (Some(Format::Endpoints), Place::Wso2),
    ] {
        let options = Options { format, place, schema_file_exists: &|path| path.len() % 2 == 0 };
        let checked = check(input, &options);
        let lists = [&checked.problems, &checked.findings, &checked.warnings];
        for diagnostic in lists.into_iter().flatten() {
            if !CODES.iter().any(|(code, _)| *code == diagnostic.code) {
                return Err(format!("the code {} has no page", diagnostic.code));
            }
            marks.push(format!("{format:?} {} {}", diagnostic.code, without_digits(&diagnostic.path)));
        }
        for diagnostic in lists.into_iter().flatten().take(5) {
            if render(diagnostic, "error", "x.yaml", &source).chars().any(|c| c.is_control() && c != '\n') {
                return Err("a control character in a message".to_owned());
            }
        }
        if checked.descriptor.is_none() && checked.is_valid() {
            return Err("valid, but nothing was understood".to_owned());
        }
        if let Ok(migrated) = migrate(&checked, input) {
            let options = Options { format: Some(Format::Component), place, schema_file_exists: &|_| true };
            let again = check(migrated.text.as_bytes(), &options);
            if again.problems.iter().any(|problem| problem.code != "extension") {
                return Err(format!("migrated to an invalid file: {:?}\n{}", again.problems, migrated.text));
            }
            marks.push(format!("{format:?} migrated {}", migrated.notes.len()));
        }
    }
    for line in source.lines().take(50) {
        for read in [Reference::parse_resource_ref(line), Reference::parse_service_reference(line)] {
            if let Ok(reference) = read
                && Reference::parse_resource_ref(&reference.to_string()).map(|again| again.to_string())
                    != Ok(reference.to_string())
            {
                return Err(format!("{reference} does not read as itself"));
            }
        }
    }
    Ok(marks)
}

fn without_digits(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).take(80).collect()
}

fn report(input: &[u8], finding: &str) -> ExitCode {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("artifacts");
    let hash = input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let path = folder.join(format!("descriptor-{hash:016x}"));
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, input));
    eprintln!("finding: {finding}\ninput: {} ({written:?})", path.display());
    ExitCode::FAILURE
}

fn settings() -> Result<Settings, String> {
    let mut settings = Settings {
        seconds: 60,
        seed: 1,
        slowest: Duration::from_secs(1),
        seeds: SEEDS.iter().map(|text| text.as_bytes().to_vec()).collect(),
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

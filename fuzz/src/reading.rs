//! The run of a target that reads an input at once: mutates, watches for panics, findings and slowness, learns.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::mutate::Mutator;
use crate::run;

/// Runs a target for as long as its arguments say. `exercise` names what an input reached, or what is wrong.
pub(crate) fn fuzz(
    target: &str,
    seeds: &[&str],
    words: &'static [&'static str],
    exercise: impl Fn(&[u8]) -> Result<Vec<String>, String>,
) -> ExitCode {
    let settings = match run::settings(seeds) {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("error[usage]: {message}");
            return ExitCode::from(2);
        }
    };
    let mut mutator = Mutator::new(settings.seed, settings.seeds, words);
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
            Ok(Err(finding)) => return run::report(target, &input, &finding),
            Err(_) => return run::report(target, &input, "a panic"),
        }
        if took > settings.slowest {
            return run::report(target, mutator.last(), &format!("it took {took:?}"));
        }
    }
    println!("{runs} runs, {} inputs kept, slowest {worst:?}, no finding", mutator.kept());
    ExitCode::SUCCESS
}

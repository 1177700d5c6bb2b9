//! Compares Waybill with simple policies on generated days.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line answers there"
)]

mod args;
mod metropolis;
mod page;

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use simulator::Day;
use simulator::compare::{CompareError, Comparison, compare};
use simulator::exchange::{OtherFigures, day_json, reference_day};
use simulator::scenarios::{SCENARIOS, Scenario};

use args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match (&args.scenarios, args.metropolis) {
        (_, Some(hours)) => metropolis::run(&args, hours),
        (Some(names), None) => run_scenarios(&args, names),
        (None, None) => run_plain_days(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-day: {error}");
            ExitCode::FAILURE
        }
    }
}

type Done = Result<(), Box<dyn std::error::Error>>;

fn run_plain_days(args: &Args) -> Done {
    let plain = args.plain_day();
    let mut days = Vec::new();
    for file in &args.days {
        let printed = serde_json::from_slice(&std::fs::read(file)?)?;
        let day = reference_day(&printed, args.scale);
        days.push(day.ok_or_else(|| format!("{}: is no day of reference.py", file.display()))?);
    }
    if days.is_empty() {
        days.extend((1..=args.seeds).map(|seed| plain.generate(seed)));
    }
    for (day, seed) in days.iter_mut().zip(1..) {
        day.streets.noise = args.noise;
        day.streets.seed = seed;
    }
    let comparison = compared(args, "plain", &days)?;
    if args.json {
        println!("{}", comparison.json());
    } else {
        print!("{}", comparison.table());
    }
    Ok(())
}

fn run_scenarios(args: &Args, names: &str) -> Done {
    let all = names == "all";
    let chosen = SCENARIOS
        .into_iter()
        .filter(|it| all || names.split(',').any(|name| name == it.name));
    if let Some(folder) = &args.write_days {
        return write_days(args, folder, chosen);
    }
    let others: OtherFigures = match &args.others {
        Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
        None => OtherFigures::default(),
    };
    let mut results = Vec::new();
    for scenario in chosen {
        let days: Vec<Day> = (1..=args.seeds).map(|seed| scenario.day(seed)).collect();
        let mut comparison = compared(args, scenario.name, &days)?;
        for (policy, figures) in &others {
            if let Some(figures) = figures.get(scenario.name) {
                comparison.add_policy(policy, figures);
            }
        }
        if args.json {
            println!("{}", comparison.json());
        } else {
            println!(
                "\n{}: {}\n{}",
                scenario.name,
                scenario.about,
                comparison.table()
            );
        }
        results.push((scenario, comparison));
    }
    if let Some(file) = &args.page {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, page::page(&results, args.seeds).html())?;
        eprintln!("the page is {}", file.display());
    }
    Ok(())
}

fn write_days(args: &Args, folder: &Path, scenarios: impl Iterator<Item = Scenario>) -> Done {
    std::fs::create_dir_all(folder)?;
    for scenario in scenarios {
        for seed in 1..=args.seeds {
            let day = day_json(scenario.name, seed, &scenario.day(seed));
            let name = scenario.name.replace(' ', "-");
            std::fs::write(folder.join(format!("{name}-{seed}.json")), day.to_string())?;
        }
    }
    Ok(())
}

fn compared(args: &Args, name: &str, days: &[Day]) -> Result<Comparison, CompareError> {
    let mut comparison = Comparison::default();
    let terminal = std::io::stderr().is_terminal();
    for (number, day) in days.iter().enumerate() {
        if terminal {
            eprint!("\r\x1b[K{name}: day {} of {}", number + 1, days.len());
        }
        comparison.add(compare(day, args.deployment(), args.clairvoyant_rounds)?);
    }
    if terminal {
        eprint!("\r\x1b[K");
    }
    Ok(comparison)
}

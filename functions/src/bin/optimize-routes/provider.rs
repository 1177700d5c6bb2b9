//! The planners that the environment names.

use std::sync::Arc;
use std::time::Duration;

use adapters::dynamodb::DynamoLegs;
use adapters::keys::{Client as KeyStore, Key};
use adapters::ors::OrsAccess;
use adapters::route_provider::embedded::EmbeddedProvider;
use adapters::route_provider::fallback::WithFallback;
use adapters::route_provider::google::{GooglePlanner, GoogleSettings};
use adapters::route_provider::ors::{OrsLimits, OrsPlanner};
use adapters::route_provider::ors_matrix::OrsMatrixPlanner;
use adapters::route_provider::remote::RemotePlanner;
use adapters::system::SystemClock;
use adapters::web::Web;
use app::ports::RouteProvider;
use domain::LegEstimate;
use settings::{Environment, Setting};
use tokio::time::timeout;
use tracing::error;

use crate::{READS_AND_COMMITS, TIMEOUT};

/// The longest time that the start waits for a key. Later, the first plan reads the key.
const KEY_AT_START: Duration = Duration::from_secs(3);

/// The provider, and its time limits.
pub struct PlannerSettings {
    choice: Choice,
    seconds: u32,
    pause: Duration,
}

enum Choice {
    Embedded,
    Ors(OrsSettings, OrsLimits),
    OrsMatrix(OrsSettings),
    Google(GoogleSettings, String),
}

struct OrsSettings {
    base_url: String,
    key_parameter: Option<String>,
    most_pairs: usize,
}

/// `ROUTE_PROVIDER`, and the variables of that provider.
impl Setting for PlannerSettings {
    fn read(env: &Environment) -> Option<Self> {
        let names = ["embedded", "ors", "ors-matrix", "google"];
        let choice = match env.one_of("ROUTE_PROVIDER", &names)? {
            "ors" => {
                let (ors, limits) = (ors(env), limits(env));
                Choice::Ors(ors?, limits?)
            }
            "ors-matrix" => Choice::OrsMatrix(ors(env)?),
            "google" => google(env)?,
            _ => {
                return Some(Self {
                    choice: Choice::Embedded,
                    seconds: 0,
                    pause: Duration::ZERO,
                });
            }
        };
        let seconds = env.whole_number("PROVIDER_SECONDS", 1..=30);
        let pause = env.whole_number("PROVIDER_PAUSE_SECONDS", 0..=3_600);
        Some(Self {
            choice,
            seconds: seconds?,
            pause: Duration::from_secs(pause?.into()),
        })
    }
}

fn ors(env: &Environment) -> Option<OrsSettings> {
    let base_url = env.url("ORS_BASE_URL");
    let most_pairs = number(env, "ORS_MATRIX_PAIRS");
    Some(OrsSettings {
        base_url: base_url?,
        key_parameter: env.optional_text("ORS_KEY_PARAMETER"),
        most_pairs: most_pairs?,
    })
}

fn limits(env: &Environment) -> Option<OrsLimits> {
    let most_vehicles = number(env, "ORS_MOST_VEHICLES");
    let most_orders = number(env, "ORS_MOST_ORDERS");
    Some(OrsLimits {
        most_vehicles: most_vehicles?,
        most_orders: most_orders?,
    })
}

fn google(env: &Environment) -> Option<Choice> {
    let base_url = env.url("GOOGLE_BASE_URL");
    let project = env.text("GOOGLE_PROJECT");
    let key_parameter = env.text("GOOGLE_KEY_PARAMETER");
    let traffic = env.flag("GOOGLE_TRAFFIC");
    let settings = GoogleSettings {
        base_url: base_url?,
        project: project?,
        traffic: traffic?,
    };
    Some(Choice::Google(settings, key_parameter?))
}

fn number(env: &Environment, name: &str) -> Option<usize> {
    env.whole_number(name, 1..=10_000_000)
        .map(|number| number as usize)
}

impl PlannerSettings {
    /// The time limit of the provider. After this time the embedded planner still has its own time, and the plan is
    /// committed before the function's timeout.
    pub fn remote_time(&self, time_limit: Duration) -> Duration {
        // When a job begins, a little less than the whole timeout is left.
        let start = Duration::from_secs(2);
        let left = TIMEOUT.saturating_sub(READS_AND_COMMITS + time_limit + start);
        Duration::from_secs(self.seconds.into()).min(left)
    }
}

/// The provider, with the embedded planner as its fallback. The keys are read here. If a key cannot be read now, the
/// next plan reads it: orders must not wait for a missing parameter.
pub async fn provider(
    settings: PlannerSettings,
    estimate: LegEstimate,
    remote_time: Duration,
    legs: DynamoLegs,
    aws: &adapters::aws::SdkConfig,
) -> Result<Arc<dyn RouteProvider>, runtime::Error> {
    let embedded = Arc::new(EmbeddedProvider::new(estimate));
    let key = async |parameter| {
        let key = Key::of(KeyStore::new(aws), parameter);
        match timeout(KEY_AT_START, key.read()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => error!(?error, "the route provider's key cannot be read"),
            Err(_) => error!("the route provider's key cannot be read in time"),
        }
        key
    };
    let matrix = |access: OrsAccess, most_pairs| {
        OrsMatrixPlanner::new(access, most_pairs, Arc::new(legs), Arc::new(SystemClock))
    };
    let access = async |ors: OrsSettings| -> Result<OrsAccess, runtime::Error> {
        let key = key(ors.key_parameter).await;
        Ok(OrsAccess::new(Web::default(), &ors.base_url, key))
    };
    let remotes: Vec<Box<dyn RemotePlanner>> = match settings.choice {
        Choice::Embedded => return Ok(embedded),
        Choice::Ors(ors, limits) => {
            let most_pairs = ors.most_pairs;
            let access = access(ors).await?;
            vec![
                Box::new(OrsPlanner::new(access.clone(), limits, estimate)),
                Box::new(matrix(access, most_pairs)),
            ]
        }
        Choice::OrsMatrix(ors) => {
            let most_pairs = ors.most_pairs;
            vec![Box::new(matrix(access(ors).await?, most_pairs))]
        }
        Choice::Google(google, parameter) => {
            let key = key(Some(parameter)).await;
            let planner = GooglePlanner::new(Web::default(), key, google, estimate);
            vec![Box::new(planner)]
        }
    };
    let provider = WithFallback::new(remotes, embedded, estimate, remote_time, settings.pause);
    Ok(Arc::new(provider))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_others_do_the_embedded_planner_has_its_time() {
        for seconds in 1..=30 {
            let settings = PlannerSettings {
                choice: Choice::Embedded,
                seconds,
                pause: Duration::ZERO,
            };
            // The default of `PlanSeconds` in template.yaml.
            for plan in (1..=30).map(Duration::from_secs) {
                let remote = settings.remote_time(plan);
                assert!(remote >= Duration::from_secs(1));
                assert!(remote <= Duration::from_secs(seconds.into()));
                assert!(remote + plan + READS_AND_COMMITS < TIMEOUT);
            }
        }
    }
}

//! Shows one order to those whom it concerns.

use app::orders::ShowOrder;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Shows one order to those whom it concerns.
pub struct GetOrder(pub ShowOrder);

#[async_trait]
impl Handler for GetOrder {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        Response::ok(&self.0.run(&caller, request.path("order_id")).await?)
    }
}

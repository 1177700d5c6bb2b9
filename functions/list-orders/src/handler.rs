//! Lists the orders that the caller may see, newest first.

use app::orders::ListOrders;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Lists the orders that the caller may see, newest first.
pub struct ListOrdersOfCaller(pub ListOrders);

#[async_trait]
impl Handler for ListOrdersOfCaller {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        Response::ok(&self.0.run(&caller, &request.page_query()?).await?)
    }
}

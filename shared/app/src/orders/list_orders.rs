//! `GET /orders`: the orders that concern the caller.

use std::sync::Arc;

use domain::{LegEstimate, Order, OrderId, OrderStatus, Role, User, VariantArray};

use crate::answers::{OrderAnswer, OrdersAnswer};
use crate::caller::Caller;
use crate::paging::{Page, PageQuery, cursor_after};
use crate::ports::{Clock, LocationStore, OrderListing, OrderStore, RouteStore, UserStore};
use crate::refusal::Refusal;
use crate::routes::under_way::UnderWay;

/// `GET /orders`
pub struct ListOrders {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Where the agents were last seen.
    pub locations: Arc<dyn LocationStore>,
    /// For the time from there to the next stop.
    pub estimate: LegEstimate,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl ListOrders {
    /// Orders, newest first: a dispatcher sees all, a customer their own, an agent those on the open route.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a query that cannot be understood; [`Refusal::AgentNotActive`];
    /// [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, query: &PageQuery) -> Result<OrdersAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer, Role::Agent])?;
        let page = query.read(OrderStatus::VARIANTS)?;
        match role {
            Role::Dispatcher => self.listed(role, OrderListing::All, page).await,
            Role::Customer => {
                caller.as_customer(self.users.as_ref()).await?;
                self.listed(role, OrderListing::Customer(caller.user_id), page)
                    .await
            }
            Role::Agent => self.on_open_route(caller, page).await,
        }
    }

    async fn listed(
        &self,
        role: Role,
        listing: OrderListing,
        page: Page<OrderStatus, OrderId>,
    ) -> Result<OrdersAnswer, Refusal> {
        let found = self
            .orders
            .list_orders(listing, page.status, page.after, page.limit)
            .await?;
        let mut orders = self.orders.orders(&found.ids).await?;
        // The index is a hint: an order may have moved on since.
        orders.retain(|order| page.status.is_none_or(|status| order.status == status));
        self.answer(role, orders, found.next.map(cursor_after))
            .await
    }

    async fn on_open_route(
        &self,
        caller: &Caller,
        page: Page<OrderStatus, OrderId>,
    ) -> Result<OrdersAnswer, Refusal> {
        let user = self.users.user(caller.user_id).await?;
        let profile = user.as_ref().and_then(User::active_agent);
        let profile = profile.ok_or(Refusal::AgentNotActive)?;
        let Some(route_id) = profile.open_route_id else {
            return self.answer(Role::Agent, Vec::new(), None).await;
        };
        let route = self.routes.route(caller.user_id, route_id).await?;
        let on_route: Vec<OrderId> = route
            .iter()
            .flat_map(|route| route.stops.iter().map(|stop| stop.order_id))
            .collect();
        let mut ids = on_route;
        ids.sort_unstable();
        ids.dedup();
        let mut orders = self.orders.orders(&ids).await?;
        orders.retain(|order| {
            page.status.is_none_or(|status| order.status == status)
                && page.after.is_none_or(|after| order.id < after)
                && order.is_on_route_of(caller.user_id)
        });
        orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.id));
        let more = orders.len() > page.limit;
        orders.truncate(page.limit);
        let next = orders
            .last()
            .filter(|_| more)
            .map(|order| cursor_after(order.id));
        self.answer(Role::Agent, orders, next).await
    }

    /// The page, with the times of the orders under way: one read for all of their routes.
    async fn answer(
        &self,
        role: Role,
        mut orders: Vec<Order>,
        next_cursor: Option<String>,
    ) -> Result<OrdersAnswer, Refusal> {
        orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.id));
        let now = self.clock.now();
        let under_way = UnderWay {
            routes: self.routes.as_ref(),
            locations: self.locations.as_ref(),
            estimate: &self.estimate,
        };
        let routes = under_way.of_orders(&orders, now).await?;
        let orders = orders.into_iter().map(|order| {
            let route = routes.of(&order);
            OrderAnswer::seen_by(role, order, route)
        });
        Ok(OrdersAnswer {
            orders: orders.collect(),
            next_cursor,
        })
    }
}

//! What the gateway answers when a call cannot be forwarded.

use hyper::{Method, StatusCode};
use tieline_core::code;

use crate::refusal::Refusal;
use crate::table::Route;
use crate::upstream::Fault;

const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;

pub(crate) fn overloaded() -> Box<Refusal> {
    let title = "the gateway has as many calls under way as it takes";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code!("gateway_overloaded"), title, "try again in a second").after(1)
}

pub(crate) fn loops() -> Box<Refusal> {
    let title = "the call came through this gateway again and again";
    let hint = "see that no endpoint on its way leads back to the gateway: tieline service view REFERENCE";
    Refusal::new(StatusCode::LOOP_DETECTED, code!("call_loops"), title, hint)
}

pub(crate) fn starting() -> Box<Refusal> {
    let title = "the gateway does not know its routes yet";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code!("gateway_starting"), title, "try again in a second").after(1)
}

pub(crate) fn route_not_found() -> Box<Refusal> {
    Refusal::new(
        StatusCode::NOT_FOUND,
        code!("route_not_found"),
        "no service of this gateway has this path",
        "take the address from the connection's ServiceURL: tieline connection view NAME",
    )
}

pub(crate) fn path_unsafe() -> Box<Refusal> {
    let title = "the path holds a dot segment, or an encoding that is none";
    Refusal::new(BAD_REQUEST, code!("path_unsafe"), title, "write the path without . and .. as segments")
}

pub(crate) fn host_wrong() -> Box<Refusal> {
    Refusal::new(BAD_REQUEST, code!("call_malformed"), "the call has no Host, or several", "send one Host header")
}

pub(crate) fn upgrade_wrong() -> Box<Refusal> {
    let title = "the call asks for a WebSocket and has a body";
    Refusal::new(BAD_REQUEST, code!("call_malformed"), title, "send nothing before the endpoint has agreed")
}

pub(crate) fn method_refused(method: &Method) -> Box<Refusal> {
    let title = format!("the gateway does not carry {method}");
    Refusal::new(BAD_REQUEST, code!("call_malformed"), title, "use a method of the service's definition")
}

pub(crate) fn head_too_large() -> Box<Refusal> {
    Refusal::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        code!("head_too_large"),
        "the head of the call is larger than 64 KiB, or has more than 100 headers",
        "send less in headers, cookies and the query",
    )
}

pub(crate) fn body_too_large(most: u64) -> Box<Refusal> {
    let title = format!("the body of the call is larger than {most} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, code!("body_too_large"), title, "send it in parts")
}

pub(crate) fn body_broken() -> Box<Refusal> {
    let title = "the body of the call was malformed, broke off, or stood still for too long";
    Refusal::new(BAD_REQUEST, code!("body_broken"), title, "send the whole body")
}

pub(crate) fn unconnected(route: &Route, fault: Fault) -> Box<Refusal> {
    match fault {
        Fault::Refused(reason) => address_refused(route, &reason),
        Fault::Unreachable(reason) => {
            tracing::debug!(service = %route.reference, %reason, "an endpoint cannot be reached");
            let title = format!("the endpoint of {} cannot be reached", called(route));
            Refusal::new(StatusCode::BAD_GATEWAY, code!("upstream_unreachable"), title, ask(route))
        }
        Fault::Slow => {
            let title = format!("the endpoint of {} does not take connections", called(route));
            Refusal::new(StatusCode::GATEWAY_TIMEOUT, code!("upstream_slow"), title, ask(route))
        }
    }
}

pub(crate) fn address_refused(route: &Route, reason: &str) -> Box<Refusal> {
    tracing::debug!(service = %route.reference, %reason, "the address of an endpoint is refused");
    let title = format!("the endpoint of {} is where no call may go", called(route));
    let hint = format!(
        "its owners deploy it with another --address, or an administrator allows the network: tieline environment update \
         {} --allow-address CIDR",
        route.environment_handle
    );
    Refusal::new(StatusCode::BAD_GATEWAY, code!("upstream_address_refused"), title, hint)
}

pub(crate) fn slow(route: &Route) -> Box<Refusal> {
    let title = format!("the endpoint of {} did not answer in time", called(route));
    Refusal::new(StatusCode::GATEWAY_TIMEOUT, code!("upstream_slow"), title, ask(route))
}

pub(crate) fn broke_off(route: &Route, reason: &str) -> Box<Refusal> {
    tracing::debug!(service = %route.reference, %reason, "an endpoint broke off");
    let title = format!("the endpoint of {} broke off, or sent no valid answer", called(route));
    Refusal::new(StatusCode::BAD_GATEWAY, code!("upstream_broke_off"), title, ask(route))
}

fn called(route: &Route) -> String {
    format!("{} in {}", route.reference, route.environment_handle)
}

fn ask(route: &Route) -> String {
    format!("look at the service itself, or ask its owners: tieline service view {}", route.reference)
}

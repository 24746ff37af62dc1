//! The steps of a request through a view. Python counterpart: `APIView.dispatch` and `APIView.initial`.

use std::rc::Rc;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};

use super::mounted::MountedView;
use super::view::ApiView;
use crate::http::error_pages::bad_request;
use crate::http::form_data::FormError;
use crate::http::log_data::{Reason, request_line};
use crate::http::query_dict::QueryDict;
use crate::rest_framework::authentication;
#[cfg(feature = "server")]
use crate::rest_framework::authentication::session;
#[cfg(feature = "server")]
use crate::rest_framework::browsable::{self, PageRequest};
use crate::rest_framework::checked::Checked;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::negotiation::select_renderer;
use crate::rest_framework::permissions::check_permissions;
use crate::rest_framework::renderers::{AcceptedRenderer, Renderer, needs_no_change, render};
use crate::rest_framework::state::RestFramework;
use crate::rest_framework::throttling::check_throttles;

/// `APIView.dispatch`: negotiation, authentication, permissions, throttles and the handler. A response or an error of any of
/// these is rendered as negotiated.
pub(super) async fn dispatch(mounted: Rc<MountedView>, req: HttpRequest, payload: Payload) -> HttpResponse {
    let view = &mounted.view;
    let framework = match RestFramework::of(&req) {
        Ok(framework) => framework,
        Err(error) => return error.in_request(&req).error_response(),
    };
    if QueryDict::count(req.query_string().as_bytes()) > framework.settings.limits.fields {
        // As in Django, a page in every format, because `?format=` is one of the parameters.
        return bad_request(FormError::TooManyFields.to_string());
    }
    let renderers = view.renderer_classes(framework);
    let negotiated = match view.ignores_accept {
        true => Ok(AcceptedRenderer::fallback(renderers)),
        false => select_renderer(&req, renderers, framework.settings.url_format_override.as_deref()),
    };
    let accepted = *negotiated.as_ref().unwrap_or(&AcceptedRenderer::fallback(renderers));
    #[cfg(feature = "server")]
    if accepted.renderer == Renderer::BrowsableApi {
        req.extensions_mut().insert(PageRequest::default());
    }
    let result = match negotiated {
        Ok(_) => initial_and_handle(&mounted, &req, payload, framework, accepted.renderer).await,
        Err(error) => {
            // The page of this error shows who is logged in, too.
            #[cfg(feature = "server")]
            if accepted.renderer == Renderer::BrowsableApi {
                let classes = view.authentication_classes(framework);
                let caller = Box::pin(authentication::authenticate(&req, classes)).await;
                PageRequest::authenticated(&req, caller.ok().flatten().as_ref());
            }
            Err(error.into())
        }
    };
    let response = match result {
        Ok(response) => handle_exception(view, &req, framework, response),
        Err(error) => handle_exception(view, &req, framework, error.into()),
    };
    let response = if response.status().is_server_error() { with_reason(&req, response) } else { response };
    let mut response = if needs_no_change(accepted, &response) {
        response
    } else {
        // Boxed, because this is rare and its future is large: see the test of the size.
        match accepted.renderer {
            #[cfg(feature = "server")]
            Renderer::BrowsableApi => Box::pin(browsable::render(&mounted, &req, framework, response)).await,
            _ => Box::pin(render(view.name, accepted, response)).await,
        }
    };
    // As in DRF, the page shows the status, and is itself content.
    if accepted.renderer == Renderer::BrowsableApi && response.status() == StatusCode::NO_CONTENT {
        *response.status_mut() = StatusCode::OK;
    }
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, mounted.allow.clone());
    if view.is_private {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(vary) = vary(renderers, accepted) {
        headers.append(header::VARY, HeaderValue::from_static(vary));
    }
    response
}

/// `APIView.initial`, and then the handler.
async fn initial_and_handle(
    mounted: &Rc<MountedView>,
    req: &HttpRequest,
    payload: Payload,
    framework: &RestFramework,
    #[cfg_attr(not(feature = "server"), expect(unused_variables, reason = "the server has the browsable API"))]
    renderer: Renderer,
) -> Result<HttpResponse, actix_web::Error> {
    let view = &mounted.view;
    let classes = view.authentication_classes(framework);
    #[cfg(feature = "server")]
    let payload = match session::needs_form_token(req, classes) {
        true => Box::pin(session::read_form_token(req, payload, framework, view)).await?,
        false => payload,
    };
    let caller = authentication::authenticate(req, classes).await?;
    #[cfg(feature = "server")]
    if renderer == Renderer::BrowsableApi {
        PageRequest::authenticated(req, caller.as_ref());
    }
    if let Some(model) = view.model {
        req.extensions_mut().insert(model);
    }
    check_permissions(req, view.permission_classes(framework), caller.as_ref(), !classes.is_empty()).await?;
    let throttles = view.throttle_classes(framework);
    if !throttles.is_empty() {
        Box::pin(check_throttles(req, throttles, view.throttle_scope, caller.as_ref(), framework)).await?;
    }

    if *req.method() == Method::OPTIONS {
        return Ok(HttpResponse::Ok().json(view.metadata(req, framework)));
    }
    let handler = view.handler(req.method()).ok_or_else(|| ApiError::method_not_allowed(req.method().as_str()))?;
    Checked::by_view(req, caller, Rc::clone(mounted));
    handler(req.clone(), payload).await
}

/// The value of `Vary`. The browsable page has a form with a CSRF token and the name of the user, so in Django it depends on
/// cookies.
pub(in crate::rest_framework) fn vary(renderers: &[Renderer], accepted: AcceptedRenderer) -> Option<&'static str> {
    match (renderers.len() > 1, accepted.renderer) {
        (true, Renderer::Json) => Some("Accept"),
        (true, Renderer::BrowsableApi) => Some("Accept, Cookie"),
        (false, Renderer::Json) => None,
        (false, Renderer::BrowsableApi) => Some("Cookie"),
    }
}

/// Lets the log name the request, and the cause if the failure is an error of the handler's own type.
fn with_reason(req: &HttpRequest, response: HttpResponse) -> HttpResponse {
    let mut response = response;
    let has_reason = response.extensions().contains::<Reason>();
    if let Some(cause) = response.error().filter(|_| !has_reason).map(ToString::to_string) {
        response.extensions_mut().insert(Reason::failed(cause, None));
    }
    if let Some(reason) = response.extensions_mut().get_mut::<Reason>() {
        reason.set_request(request_line(req));
    }
    response
}

/// Gives an authentication error of the handler or of an extractor the challenge of the view.
fn handle_exception(
    view: &ApiView,
    req: &HttpRequest,
    framework: &RestFramework,
    mut response: HttpResponse<BoxBody>,
) -> HttpResponse {
    let error = response.error().and_then(|error| error.as_error::<ApiError>());
    let needs_challenge = error.is_some_and(ApiError::needs_challenge);
    if needs_challenge {
        match view.challenge(req, framework).and_then(|text| HeaderValue::from_str(&text).ok()) {
            Some(challenge) => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            None => *response.status_mut() = StatusCode::FORBIDDEN,
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_future_of_a_view_is_small() {
        // glibc serves up to 1,032 bytes from a cache of each thread. A larger allocation takes many times as long.
        let mounted = Rc::new(MountedView::new(ApiView::new("Any")));
        let future = dispatch(mounted, TestRequest::default().to_http_request(), Payload::None);
        assert!(size_of_val(&future) <= 1032, "{}", size_of_val(&future));
    }
}

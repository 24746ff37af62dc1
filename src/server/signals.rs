//! When the server stops. Python counterpart: the signal handlers of gunicorn.

/// Resolves at SIGTERM or Ctrl-C (SIGINT). With both, the requests in flight finish. actix alone would drop them at Ctrl-C. A
/// second Ctrl-C ends the process at once.
pub async fn stop_requested() {
    first_signal().await;
    log::info!("stopping: waiting for the requests in flight");
    actix_web::rt::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}

/// Resolves at SIGTERM or Ctrl-C. From the first poll on, neither of them ends the process by itself.
#[cfg(unix)]
pub(crate) async fn first_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        log::error!("cannot listen for signals: stop this process by killing it");
        return std::future::pending().await;
    };
    let (terminate, interrupt) = (std::pin::pin!(terminate.recv()), std::pin::pin!(interrupt.recv()));
    futures_util::future::select(terminate, interrupt).await;
}

/// Resolves at Ctrl-C. From the first poll on, it does not end the process by itself.
#[cfg(not(unix))]
pub(crate) async fn first_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        log::error!("cannot listen for signals: stop this process by killing it");
        std::future::pending::<()>().await;
    }
}

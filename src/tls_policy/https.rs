//! One request to a web server: over TLS only, to a server that proves its name to one of the site's CAs, within a
//! minute. Redirections lead nowhere (RFC 8461, 3.3), and no answer may be longer than its limit.

use super::requirement::certified;
use crate::net::{Family, Resolver};
use crate::tls::{Material, Wish};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// For all of it (RFC 8461, 3.3 proposes a minute).
const LIMIT: Duration = Duration::from_secs(60);
/// For one address; the next one is to be had within the same minute.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// RFC 9110, 4.2.2
const PORT: u16 = 443;

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// The server's certificate proves nothing.
    #[error("{0}")]
    Certificate(&'static str),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// What makes requests.
pub(super) struct Https<'a> {
    pub(super) resolver: &'a Resolver,
    /// `None`: the site's client speaks no TLS.
    pub(super) material: Option<Arc<Material>>,
}

impl Https<'_> {
    /// The body of what the server answers, if that is 200 (to POST, anything of 2xx); `most`: its bytes.
    ///
    /// # Errors
    /// Why there is none, for the log.
    pub(super) async fn body(
        &self,
        request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Bytes, RequestError> {
        let is_post = request.method() == Method::POST;
        let work = async {
            let response = self.answer(request).await?;
            if !(response.status() == StatusCode::OK || is_post && response.status().is_success()) {
                return Err(text(format!("answer {}", response.status())));
            }
            let body = Limited::new(response.into_body(), most).collect().await;
            body.map(|body| body.to_bytes()).map_err(text)
        };
        within(LIMIT, work).await
    }

    async fn answer(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<hyper::body::Incoming>, RequestError> {
        let uri = request.uri().clone();
        let host = uri.host().filter(|_| uri.scheme_str() == Some("https"));
        let host = host.ok_or_else(|| text("no address of HTTPS"))?;
        let port = uri.port_u16().unwrap_or(PORT);
        let stream = self.connect(host, port).await?;
        let material = self.material.as_ref().ok_or_else(|| text("this host's client speaks no TLS"))?;
        let wish = Wish { named: true, ..Wish::default() };
        let connected = material.connect(&wish, host.as_bytes(), stream).await;
        let (stream, established) = connected.map_err(text)?;
        certified(host.as_bytes(), &established).map_err(RequestError::Certificate)?;
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        request.headers_mut().insert(header::HOST, authority.parse().map_err(text)?);
        // the request names the path alone, as to a server and not to a proxy (RFC 9112, 3.2.1)
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse::<Uri>().map_err(text)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
        // it ends with the sender and the body
        tokio::spawn(async move { drop(connection.await) });
        sender.send_request(request).await.map_err(text)
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, RequestError> {
        // an address is nobody's name
        if host.parse::<IpAddr>().is_ok() || host.starts_with('[') {
            return Err(text("not a host's name"));
        }
        let found = self.resolver.addresses(host.as_bytes(), Family::Both).await.done().unwrap_or_default();
        let mut last = text("host unknown");
        for address in found {
            let stream = TcpStream::connect(SocketAddr::new(address, port));
            match within(CONNECT_LIMIT, async { stream.await.map_err(text) }).await {
                Ok(stream) => return Ok(stream),
                Err(why) => last = why,
            }
        }
        Err(last)
    }
}

fn text(error: impl std::fmt::Display) -> RequestError {
    RequestError::Other(error.to_string())
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(text("timeout")))
}

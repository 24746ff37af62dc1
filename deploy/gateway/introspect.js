// Answers the auth_request of introspection.conf: 204 with the id of the user, 401 for a token that is not active, and 500 if
// the login service does not answer. Runs inside nginx.

function introspect(r) {
    const bearer = /^Bearer +([A-Za-z0-9_.-]+)$/.exec(r.headersIn.Authorization || "");
    if (!bearer) {
        r.headersOut["WWW-Authenticate"] = 'Bearer realm="api"';
        r.return(401);
        return;
    }
    r.subrequest("/_token", { method: "POST", body: "token=" + bearer[1] }, function (reply) {
        if (reply.status !== 200) {
            r.error("introspection answered " + reply.status);
            r.return(500);
            return;
        }
        const token = JSON.parse(reply.responseText);
        if (!token.active) {
            r.headersOut["WWW-Authenticate"] = 'Bearer realm="api", error="invalid_token"';
            r.return(401);
            return;
        }
        r.headersOut["X-User"] = token.sub;
        r.return(204);
    });
}

export default { introspect };

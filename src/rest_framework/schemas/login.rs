//! Views that log in, for the form on the page of Swagger UI. Python counterpart: none.

/// What a view gives to a client that logs in. The document has it as `x-login` of the operation.
#[derive(Clone, Debug)]
pub struct Login {
    /// The security scheme of the token, as [`Authentication::security_definition`] names it.
    ///
    /// [`Authentication::security_definition`]: crate::rest_framework::authentication::Authentication::security_definition
    pub scheme: &'static str,
    /// The key of the answer that has the token.
    pub token: &'static str,
    /// What Swagger UI has to write before the token. Empty for the type `http`, where it knows that itself.
    pub prefix: String,
}

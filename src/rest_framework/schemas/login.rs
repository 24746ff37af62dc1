//! Views that log in, for the form on the page of Swagger UI. Python counterpart: none.

/// The token that a login view issues. The document has it as `x-login` of the operation.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The security scheme of the token, as [`Authentication::security_definition`] names it.
    ///
    /// [`Authentication::security_definition`]: crate::rest_framework::authentication::Authentication::security_definition
    pub scheme: &'static str,
    /// The key of the answer that has the token.
    pub token: &'static str,
    /// The text that Swagger UI writes before the token. Empty for the type `http`, for which it knows the text.
    pub prefix: String,
}

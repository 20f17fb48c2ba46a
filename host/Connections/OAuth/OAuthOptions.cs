namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>How people authorise connections, section <c>Hub:OAuth</c>.</summary>
internal sealed class OAuthOptions
{
    public const string Section = "Hub:OAuth";

    /// <summary>Origins (<c>https://app.example.com</c>) that a <c>returnUrl</c> may lead to, besides the hub's own.</summary>
    public IList<string> ReturnOrigins { get; } = [];

    /// <summary>Whether a page names the connection and asks, before the browser goes to the provider. Default yes: without it, whoever can start a flow and make somebody follow a link gets that person's grant.</summary>
    public bool ConfirmStart { get; set; } = true;

    /// <summary>Whether each provider redirects to an address of its own (<c>/oauth/callback/{provider}</c>), which tells providers apart that do not send RFC 9207's <c>iss</c>. Default no.</summary>
    public bool CallbackPerProvider { get; set; }

    public static IEnumerable<string> Faults(OAuthOptions options) =>
        options.ReturnOrigins.Where(origin => ReturnUrls.Origin(origin) is null).Select(origin => $"Hub:OAuth:ReturnOrigins: '{origin}' is not an origin. Write https://app.example.com, without a path.");
}

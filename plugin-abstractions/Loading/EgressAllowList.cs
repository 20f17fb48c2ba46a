using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Loading;

/// <summary>A manifest's <c>network.allow</c>, compiled; rendered over each connection's config. Immutable and thread-safe.</summary>
internal sealed class EgressAllowList
{
    private readonly List<HostPattern> fixedHosts = [];
    private readonly List<Template> templates = [];
    private readonly ConnectionEgress withoutConfig;

    public EgressAllowList(NetworkManifest network)
    {
        withoutConfig = new ConnectionEgress(fixedHosts, [], null);
        foreach (var entry in network.Allow)
        {
            if (entry.Contains('{', StringComparison.Ordinal))
                templates.Add(Template.Compile(entry));
            else if (HostPattern.TryParse(entry) is { } pattern)
                fixedHosts.Add(pattern);
        }
    }

    /// <summary>What one connection may reach.</summary>
    public ConnectionEgress For(ConnectionContext connection)
    {
        if (templates.Count == 0 && !connection.BaseUrlOverridden)
            return withoutConfig;

        var scope = new TemplateScope().Set("config", connection.Config).Set("env", connection.EnvironmentValues).Set("auth", connection.Auth);
        List<HostPattern> userGiven = [];
        foreach (var template in templates)
            if (Render(template, scope) is { } text && HostPattern.TryParse(text) is { } pattern)
                userGiven.Add(pattern);

        var overridden = connection.BaseUrlOverridden ? HostPattern.TryParse(connection.BaseUrl) : null;
        return new ConnectionEgress(fixedHosts, userGiven, overridden);
    }

    private static string? Render(Template template, ITemplateScope scope)
    {
        try
        {
            return template.RenderText(scope);
        }
        catch (TemplateException)
        {
            // The value cannot be made into a host: it allows nothing.
            return null;
        }
    }
}

/// <summary>What one connection may reach.</summary>
/// <param name="Fixed">Hosts that the manifest names.</param>
/// <param name="UserGiven">Hosts that the connection's config names.</param>
/// <param name="Overridden">The host of the connection's own base address, which the operator allowed.</param>
internal sealed record ConnectionEgress(IReadOnlyList<HostPattern> Fixed, IReadOnlyList<HostPattern> UserGiven, HostPattern? Overridden)
{
    /// <summary>Why a request may not go to an address, before anything is known of the network; <see langword="null"/> when it may.</summary>
    /// <param name="target">The address.</param>
    /// <param name="plainText">Whether it is called without TLS, which a connection may ask for that names the address with <c>http://</c>: the operator's policy decides then.</param>
    public string? WhyDenied(Uri? target, out bool plainText)
    {
        plainText = false;
        if (target is not { IsAbsoluteUri: true } || (target.Scheme != Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttp))
            return "only http and https addresses can be called.";

        if (Overridden?.Matches(target) == true)
            return null;

        var userGiven = UserGiven.FirstOrDefault(pattern => pattern.Matches(target));
        if (userGiven is null && !Fixed.Any(pattern => pattern.Matches(target)))
            return $"'{target.IdnHost}:{target.Port}' is not in the manifest's network.allow.";

        if (target.Scheme == Uri.UriSchemeHttps || target.IsLoopback)
            return null;

        plainText = userGiven is { PlainText: true };
        return plainText ? null : $"'{target.IdnHost}:{target.Port}' must be called with https.";
    }
}

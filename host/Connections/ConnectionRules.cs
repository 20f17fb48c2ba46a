using System.Text.Json;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Connections;

/// <summary>What must hold for a connection's configuration. Every rule reports all it finds; none repeats a value.</summary>
internal static class ConnectionRules
{
    /// <param name="provider">The provider.</param>
    /// <param name="environment">The environment.</param>
    /// <param name="authId">The authentication the caller chose, if any.</param>
    /// <param name="overrideUrl">The address that stands in for the provider's, if any.</param>
    /// <param name="config">The configuration with its secrets, without defaults.</param>
    public static List<ValidationIssue> Check(LoadedProvider provider, ProviderEnvironment environment, string? authId, string? overrideUrl, JsonElement config)
    {
        var issues = provider.Config.Validate(config).Select(issue => issue with { Pointer = "/config" + issue.Pointer }).ToList();
        var fitsSchema = issues.Count == 0;
        var filled = provider.Config.ApplyDefaults(config);
        issues.AddRange(Environment(environment, filled));

        // Of a config that does not fit, these would only say the same again.
        var setup = ProviderSetup.Of(provider);
        if (fitsSchema || authId is not null)
            issues.AddRange(Authentication(setup, authId, filled).Where(issue => issues.All(known => known.Pointer != issue.Pointer)).ToList());

        if (fitsSchema && overrideUrl is null)
            issues.AddRange(Address(environment, filled));

        return issues;
    }

    private static IEnumerable<ValidationIssue> Environment(ProviderEnvironment environment, JsonElement config)
    {
        foreach (var (field, required) in environment.Require)
            if (config.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && !value.GetString()!.Contains(required, StringComparison.Ordinal))
                yield return new(
                    Pointer(field),
                    $"In the environment '{environment.Name}' the value must contain '{required}'.",
                    "Use a value meant for this environment, or make the connection for another environment.");
    }

    private static IEnumerable<ValidationIssue> Authentication(ProviderSetup setup, string? authId, JsonElement config)
    {
        var chosen = setup.Choose(authId, config);
        if (chosen is null && authId is not null)
        {
            var names = setup.Authentications.Select(auth => auth.Id).ToList();
            yield return new("/auth", "The provider has no such way to authenticate.", names.Count == 0 ? "It has none: leave 'auth' out." : Http.Suggestion.For(authId, names));
        }
        else if (chosen is null && setup.Authentications.Count > 0)
        {
            var ways = setup.Authentications.Select(auth => $"'{auth.Id}' needs {string.Join(", ", auth.Fields)}");
            yield return new("/config", "The config has the fields for none of the ways to authenticate.", string.Join("; ", ways) + ".");
        }
        else if (chosen is not null)
        {
            foreach (var field in chosen.MissingIn(config))
                yield return new(Pointer(field), $"The authentication '{chosen.Id}' needs this field.");
        }
    }

    private static IEnumerable<ValidationIssue> Address(ProviderEnvironment environment, JsonElement config)
    {
        if (!environment.HasBaseUrl)
            yield break;

        var at = environment.BaseUrlFields.FirstOrDefault() is { } field ? Pointer(field) : "/config";
        string? address;
        try
        {
            address = environment.Resolve(null, config).BaseUrl;
        }
        catch (TemplateException)
        {
            address = null;
        }

        if (address is null)
            yield return new(at, "The provider's address cannot be made without this field.");
        else if (BaseAddress.Fault(address) is { } fault)
            yield return new(at, $"The provider's address made from the config is not usable: {fault}");
    }

    private static string Pointer(string field) => "/config/" + Http.RequestBody.Escape(field);
}

/// <summary>What a base address must be.</summary>
internal static class BaseAddress
{
    private const int MaxLength = 2000;

    /// <summary>What is wrong with it; <see langword="null"/> when nothing is.</summary>
    public static string? Fault(string address)
    {
        if (address.Length > MaxLength)
            return "It is too long.";

        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps) || uri.Host.Length == 0)
            return "It must be an absolute http or https address.";

        if (uri.UserInfo.Length > 0)
            return "It must not contain credentials; they belong into secret fields.";

        if (address.Any(c => c is '?' or '#' or '\\' || char.IsWhiteSpace(c) || char.IsControl(c)))
            return "It must have no query, fragment, backslash or white space.";

        return null;
    }
}

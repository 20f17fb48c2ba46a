using IntegrationHub.Capabilities;

namespace IntegrationHub.Manifests.Rules;

/// <summary>A template in a manifest, and what it may refer to.</summary>
/// <param name="Place">The template.</param>
/// <param name="Roots">The roots that hold values there; the empty one stands for JSON pointers.</param>
/// <param name="Params">The parameters there are.</param>
internal sealed record TemplateSite(Place Place, string[] Roots, SchemaFields? Params = null);

/// <summary>Finds every template of a manifest but those of webhooks, which are a language of their own.</summary>
internal static class TemplateSites
{
    private static readonly string[] Address = ["config", "env"];
    private static readonly string[] Authentication = ["config", "env", "auth"];
    private static readonly string[] Request = ["params", "config", "env", "auth", "idempotencyKey"];
    private static readonly string[] Answer = ["body", "header", "status", "params", ""];
    private static readonly string[] Capability = ["params", "config", "env"];
    private static readonly string[] Result = ["result", ""];
    private static readonly string[] Sent = ["params"];

    public static IEnumerable<TemplateSite> Of(ManifestDraft draft)
    {
        var sites = Of(draft.Root).Concat(draft.Operations.SelectMany(Of));
        return sites.Where(site => site.Place.Exists);
    }

    private static IEnumerable<TemplateSite> Of(Place root)
    {
        foreach (var (_, environment) in root["environments"].Members())
            yield return new TemplateSite(environment["baseUrl"], Address);

        foreach (var entry in root["network"]["allow"].Items())
            yield return new TemplateSite(entry, Address);

        foreach (var auth in root["auth"].Items())
        {
            var obtains = auth["type"].Text is "oauth2" or "jwt_bearer" or "custom";
            foreach (var (_, value) in auth["apply"]["headers"].Members().Concat(auth["apply"]["query"].Members()))
                yield return new TemplateSite(value, obtains ? Authentication : Address);

            foreach (var key in (string[])["username", "password", "token", "authorizeUrl", "tokenUrl", "revokeUrl", "issuer", "discovery", "clientId", "clientSecret", "audience"])
                yield return new TemplateSite(auth[key], Address);

            var assertion = auth["assertion"];
            foreach (var key in (string[])["credentials", "issuer", "subject", "audience", "privateKey", "keyId"])
                yield return new TemplateSite(assertion[key], Address);

            foreach (var (_, value) in auth["extra"].Members().Concat(auth["tokenParams"].Members()).Concat(assertion["headers"].Members()).Concat(assertion["claims"].Members()))
                yield return new TemplateSite(value, Address);
        }

        foreach (var (_, value) in root["defaults"]["headers"].Members())
            yield return new TemplateSite(value, Request);

        foreach (var site in Of(root["defaults"]["response"], null))
            yield return site;

        foreach (var test in root["tests"].Items())
            yield return new TemplateSite(test["params"], Address);

        // By the names that the request has them under, which need not be those of the schema.
        foreach (var (_, answers) in root["simulator"]["operations"].Members())
            foreach (var (_, echo) in answers.Items().SelectMany(answer => answer["echo"].Members()))
                yield return new TemplateSite(echo, Sent);
    }

    private static IEnumerable<TemplateSite> Of(OperationDraft operation)
    {
        var fields = operation.HasParams ? operation.Params : null;
        var http = operation.Http;
        yield return new TemplateSite(http["path"], Request, fields);
        yield return new TemplateSite(http["body"]["template"], Request, fields);
        foreach (var (_, value) in http["query"].Members().Concat(http["headers"].Members()))
            yield return new TemplateSite(value, Request, fields);

        foreach (var site in Of(operation.Place["response"], fields))
            yield return site;

        var implements = operation.Place["implements"];
        var capability = CapabilityCatalog.Find(implements["capability"].Or(""));
        yield return new TemplateSite(implements["params"], Capability, capability is null ? null : SchemaFields.Of(capability.Params));
        yield return new TemplateSite(implements["result"], Result);
    }

    private static IEnumerable<TemplateSite> Of(Place response, SchemaFields? fields)
    {
        var result = response["result"];
        if (result.Text is null || result.Text.Contains('{', StringComparison.Ordinal))
            yield return new TemplateSite(result, Answer, fields);
    }
}

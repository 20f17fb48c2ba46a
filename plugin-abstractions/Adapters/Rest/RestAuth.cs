using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>One way to authenticate, compiled.</summary>
internal sealed class RestAuth
{
    private readonly AuthManifest manifest;
    private readonly RestHeaders headers;
    private readonly List<(string Name, Template Template)> query;
    private readonly Template? username;
    private readonly Template? password;
    private readonly Template? token;
    private readonly bool placesToken;

    public RestAuth(AuthManifest manifest, string pointer, JsonElement? config = null)
    {
        this.manifest = manifest = manifest.WithDefaults(config);
        Id = manifest.Id!;
        headers = new RestHeaders(manifest.Apply?.Headers ?? new Dictionary<string, string>(), $"{pointer}/apply/headers");
        query = [.. (manifest.Apply?.Query ?? new Dictionary<string, string>()).Select(pair =>
            (pair.Key, RestTemplates.Compile(pair.Value, $"{pointer}/apply/query/{JsonPointer.Escape(pair.Key)}")))];
        username = manifest.Username is null ? null : RestTemplates.Compile(manifest.Username, $"{pointer}/username");
        password = manifest.Password is null ? null : RestTemplates.Compile(manifest.Password, $"{pointer}/password");
        token = manifest.Token is null ? null : RestTemplates.Compile(manifest.Token, $"{pointer}/token");
        if (manifest.Type == AuthType.Basic && username is null && manifest.Apply is null)
            throw new InvalidOperationException($"{pointer}: \"basic\" needs a \"username\".");

        if (manifest.Type == AuthType.Bearer && token is null && manifest.Apply is null)
            throw new InvalidOperationException($"{pointer}: \"bearer\" needs a \"token\".");

        if (manifest.Type == AuthType.ApiKey && manifest.Apply is null)
            throw new InvalidOperationException($"{pointer}: \"api_key\" needs \"apply\" with headers or query.");

        var templates = headers.Templates.Concat(query.Select(entry => entry.Template)).Concat(new[] { username, password, token }.OfType<Template>()).ToList();
        placesToken = templates.Any(template => template.References.Any(reference => reference.Root == "auth"));
        RequiredFields = manifest.Requires;
    }

    public string Id { get; }

    public IReadOnlyList<string> RequiredFields { get; }

    /// <summary>Whether the adapter can do it alone; the rest needs the plugin's code.</summary>
    public bool IsSupported => manifest.Type is AuthType.None or AuthType.ApiKey or AuthType.Basic or AuthType.Bearer || Obtained;

    /// <summary>Whether the host obtains a token. An assertion that the manifest does not describe is made by the plugin's code.</summary>
    private bool Obtained => manifest.Type == AuthType.Oauth2 || (manifest.Type == AuthType.JwtBearer && manifest.Assertion is not null);

    /// <summary>Query parameters that may carry credentials; they are kept out of cursors.</summary>
    public IEnumerable<string> QueryNames => query.Select(entry => entry.Name);

    public bool IsSatisfiedBy(JsonElement config) => RequiredFields.All(field => Has(config, field));

    public IEnumerable<string> MissingFields(JsonElement config) => RequiredFields.Where(field => !Has(config, field));

    public void Apply(ConnectionContext connection, Dictionary<string, string> into, List<KeyValuePair<string, string>> queryInto)
    {
        var scope = RestCall.ConnectionScope(connection);
        switch (manifest.Type)
        {
            case AuthType.Basic when username is not null:
                var user = username.RenderText(scope) ?? "";
                if (user.Contains(':', StringComparison.Ordinal))
                    throw RestRequestException.Unauthenticated("The user name cannot contain a colon (RFC 7617).");

                into["Authorization"] = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password?.RenderText(scope)}"));
                break;

            case AuthType.Bearer when token is not null:
                into["Authorization"] = "Bearer " + RestHeaders.Checked("Authorization", token.RenderText(scope) ?? throw Incomplete(connection));
                break;

            case AuthType.Oauth2 or AuthType.JwtBearer when Obtained:
                if (connection.Auth.ValueKind != JsonValueKind.Object || !Has(connection.Auth, "accessToken"))
                    throw RestRequestException.Unauthenticated("The connection is not authorised yet: authorise it, then call again.");

                if (!placesToken)
                    into["Authorization"] = "Bearer " + RestHeaders.Checked("Authorization", JsonText.ToText(connection.Auth.GetProperty("accessToken"))!);

                break;
        }

        headers.Render(scope, into);
        foreach (var (name, template) in query)
            if (template.RenderText(scope) is { } value)
                queryInto.Add(new(name, value));
    }

    private RestRequestException Incomplete(ConnectionContext connection) =>
        RestRequestException.Unauthenticated($"The connection's credentials are incomplete: \"{Id}\" needs {string.Join(", ", MissingFields(connection.Config))}.");

    private static bool Has(JsonElement container, string field) =>
        container.ValueKind == JsonValueKind.Object && container.TryGetProperty(field, out var value)
        && value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => false,
            JsonValueKind.String => value.GetString()!.Length > 0,
            _ => true,
        };
}

/// <summary>The ways a provider authenticates, and the choice among them.</summary>
internal sealed class RestAuthSet
{
    private readonly List<RestAuth> ways;
    private readonly bool hasCode;

    /// <exception cref="InvalidOperationException">No way can be done without code, and there is none.</exception>
    public RestAuthSet(ProviderManifest manifest)
    {
        hasCode = manifest.Entry is not null;
        ways = [.. manifest.Auth.Select((auth, index) => new RestAuth(auth, $"/auth/{index}", manifest.Config))];
        if (!hasCode && ways.Count > 0 && !ways.Exists(way => way.IsSupported))
            throw new InvalidOperationException(
                $"/auth: {string.Join(", ", ways.Select(way => $"\"{way.Id}\""))} needs the plugin's own code: name it in \"entry\", or add a way that a manifest can describe "
                + "(none, api_key, basic, bearer, oauth2, jwt_bearer).");
    }

    /// <summary>The way the connection uses; <see langword="null"/> when the provider wants none.</summary>
    public RestAuth? Choose(ConnectionContext connection)
    {
        if (ways.Count == 0)
            return null;

        if (connection.AuthId is { } id)
        {
            var named = ways.Find(way => string.Equals(way.Id, id, StringComparison.OrdinalIgnoreCase))
                ?? throw RestRequestException.Unauthenticated($"The connection names the authentication \"{id}\", which the provider does not have.");
            if (!named.IsSupported && !hasCode)
                throw RestRequestException.Misconfigured($"The authentication \"{id}\" needs the plugin's own code, which it does not have.");

            return named.IsSatisfiedBy(connection.Config) ? named : throw Incomplete(named, connection);
        }

        var usable = ways.Where(way => way.IsSupported || hasCode).ToList();
        return usable.Find(way => way.IsSatisfiedBy(connection.Config)) ?? throw Incomplete(usable[0], connection);
    }

    public bool IsCredential(string queryName) => ways.Exists(way => way.QueryNames.Contains(queryName, StringComparer.Ordinal));

    private static RestRequestException Incomplete(RestAuth way, ConnectionContext connection) =>
        RestRequestException.Unauthenticated($"The connection's credentials are incomplete: \"{way.Id}\" needs {string.Join(", ", way.MissingFields(connection.Config))}.");
}

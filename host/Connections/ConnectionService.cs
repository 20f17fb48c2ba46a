using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Connections;

/// <summary>Makes, changes and deletes connections. What it refuses, it refuses with everything that is wrong. Thread-safe.</summary>
internal sealed partial class ConnectionService(
    IConnectionStore store,
    IProviderCatalog catalog,
    ConnectionSecrets secrets,
    ConnectionResolver resolver,
    EnvironmentVariables variables,
    IEnumerable<IConnectionFarewell> farewells,
    IAuditTrail audit,
    IOptions<HubOptions> options,
    TimeProvider time)
{
    /// <summary>How often a change is tried again when another change came between and the caller did not ask to be told.</summary>
    private const int Tries = 5;

    public Task<Page<Connection>> ListAsync(Caller caller, ConnectionQuery query, PageRequest page, CancellationToken cancellationToken) =>
        store.ListAsync(query with { VisibleProjects = caller.Projects }, page, cancellationToken);

    /// <exception cref="ProblemException">There is none, or the caller may not see it.</exception>
    public async Task<Connection> GetAsync(Caller caller, string id, CancellationToken cancellationToken)
    {
        var connection = await store.GetAsync(id, cancellationToken);
        return connection is not null && caller.CanSee(connection.Project) ? connection : throw Problem.NotFound("connection", id).ToException();
    }

    public async Task<Connection> CreateAsync(Caller caller, string correlationId, CreateConnectionRequest request, CancellationToken cancellationToken)
    {
        var provider = catalog.Find(request.Provider);
        var overrideUrl = request.Overrides?.BaseUrl;
        var issues = new List<ValidationIssue>(NameIssues("/project", request.Project));
        issues.AddRange(NameIssues("/alias", request.Alias));
        issues.AddRange(ScopeIssues(request.GrantedScopes));
        if (issues.All(issue => issue.Pointer != "/project") && !caller.CanSee(request.Project))
            throw caller.Refusal(request.Project).ToException();

        issues.AddRange(OverrideIssues(overrideUrl));
        if (provider is null)
            issues.Add(new("/provider", $"The provider '{Shorten(request.Provider)}' is not loaded.", Suggestion.For(request.Provider, [.. catalog.All.Select(loaded => loaded.Id)])));

        var environment = provider is null ? null : ProviderSetup.Of(provider).Environment(request.Environment);
        if (provider is not null && environment is null)
            issues.Add(new("/environment", $"The provider '{provider.Id}' does not offer this environment.", $"It offers {string.Join(", ", ProviderSetup.Of(provider).EnvironmentNames)}."));

        if (request.Config.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.Object))
            issues.Add(new("/config", "The config must be an object."));

        var fields = FieldsGiven(request.Config);
        if (provider is not null && environment is not null)
        {
            FillFromEnvironment(provider, fields);
            issues.AddRange(MaskIssues(provider, fields, "/config/"));
            issues.AddRange(ConnectionRules.Check(provider, environment, request.Auth, overrideUrl, ConfigObject.Of(fields)));
        }

        if (issues.Count > 0)
            throw Problem.Invalid("The connection is not valid.", issues).ToException();

        var now = time.GetUtcNow();
        var id = Ids.New(Ids.Connection, time);
        var key = secrets.NewKey(id);
        var connection = new Connection
        {
            Id = id,
            Project = request.Project,
            Provider = provider!.Id,
            Environment = request.Environment,
            Alias = request.Alias,
            AuthId = request.Auth,
            Config = ConfigObject.Of(fields.Where(field => !provider.SecretFields.Contains(field.Key))),
            Secrets = fields.Where(field => provider.SecretFields.Contains(field.Key)).ToDictionary(field => field.Key, field => secrets.Seal(id, key, field.Key, field.Value)),
            WrappedKey = key,
            MasterKeyId = secrets.MasterKeyIdOf(key),
            BaseUrlOverride = overrideUrl?.TrimEnd('/'),
            GrantedScopes = request.GrantedScopes,
            Enabled = request.Enabled,
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (!await store.TryAddAsync(connection, cancellationToken))
            throw AliasTaken(connection).ToException();

        await RecordAsync(caller, correlationId, "connection.created", connection, new { connection.Provider, connection.Environment, connection.Alias, fields = fields.Keys }, cancellationToken);
        return connection;
    }

    public async Task DeleteAsync(Caller caller, string correlationId, string id, CancellationToken cancellationToken)
    {
        var connection = await GetAsync(caller, id, cancellationToken);
        var left = new List<object>();
        foreach (var farewell in farewells)
            if (await farewell.LeaveAsync(connection, cancellationToken) is { } told)
                left.Add(told);

        // What was given back at the provider cannot be had again: from here on it goes through, whether the caller waits or not.
        if (!await store.DeleteAsync(id, CancellationToken.None))
            throw Problem.NotFound("connection", id).ToException();

        resolver.Forget(id);
        await RecordAsync(caller, correlationId, "connection.deleted", connection, new { connection.Provider, connection.Environment, connection.Alias, authorization = left.Count > 0 ? left : null }, CancellationToken.None);
    }

    private async Task<Connection> ChangeAsync(
        Caller caller, string id, int? expectedVersion, Func<Connection, Connection> change, Func<Connection, Connection, Task> record, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var current = await GetAsync(caller, id, cancellationToken);
            if (expectedVersion is { } expected && expected != current.Version)
                throw Stale(current.Version).ToException();

            var changed = change(current);
            if (ReferenceEquals(changed, current))
                return current;

            changed = changed with { Version = current.Version + 1, UpdatedAt = time.GetUtcNow() };
            var outcome = await store.UpdateAsync(changed, cancellationToken);
            switch (outcome)
            {
                case ConnectionUpdate.Done:
                    resolver.Forget(id);
                    await record(current, changed);
                    return changed;
                case ConnectionUpdate.NotFound:
                    throw Problem.NotFound("connection", id).ToException();
                case ConnectionUpdate.AliasTaken:
                    throw AliasTaken(changed).ToException();
                case ConnectionUpdate.StaleVersion when expectedVersion is not null || tries == Tries:
                    throw Stale(null).ToException();
            }
        }
    }

    private Task RecordAsync(Caller caller, string correlationId, string action, Connection connection, object details, CancellationToken cancellationToken) =>
        audit.RecordAsync(time, caller, action, connection.Id, connection.Project, correlationId, details, cancellationToken);

    private void FillFromEnvironment(LoadedProvider provider, Dictionary<string, JsonElement> fields)
    {
        foreach (var field in ProviderSetup.Of(provider).EnvironmentFields)
            if (!fields.ContainsKey(field.Field) && variables.ValueOf(field) is { } value)
                fields[field.Field] = value;
    }

    private List<ValidationIssue> OverrideIssues(string? overrideUrl)
    {
        if (overrideUrl is null)
            return [];

        if (!options.Value.AllowBaseUrlOverride)
        {
            const string message = "The operator does not allow connections to replace the provider's address.";
            throw (Problem.Forbidden(message) with
            {
                Errors = [new("/overrides/baseUrl", message, "The option Hub:AllowBaseUrlOverride (HUB_ALLOW_BASE_URL_OVERRIDE=true) allows it; it is on in Development.")],
            }).ToException();
        }

        return BaseAddress.Fault(overrideUrl) is { } fault ? [new("/overrides/baseUrl", fault)] : [];
    }

    // A null means the same as nothing, as it does in a change.
    private static Dictionary<string, JsonElement> FieldsGiven(JsonElement config) =>
        ConfigObject.FieldsOf(config).Where(field => field.Value.ValueKind != JsonValueKind.Null).ToDictionary(StringComparer.Ordinal);

    private static IEnumerable<ValidationIssue> MaskIssues(LoadedProvider provider, IEnumerable<KeyValuePair<string, JsonElement>> fields, string pointer) =>
        fields.Where(field => provider.SecretFields.Contains(field.Key) && SecretMask.IsMask(field.Value))
            .Select(field => new ValidationIssue(pointer + RequestBody.Escape(field.Key), "This is the mask that stands for a secret, not a secret.", "Send the value itself, or leave the field out."));

    private static IEnumerable<ValidationIssue> NameIssues(string pointer, string name) =>
        ProjectName.IsValid(name) ? [] : [new ValidationIssue(pointer, $"A name here has {ProjectName.Rule}.")];

    private static IEnumerable<ValidationIssue> ScopeIssues(IReadOnlyList<string>? scopes) =>
        scopes is null || (scopes.Count <= 500 && scopes.All(scope => scope is { Length: > 0 and <= 500 }))
            ? []
            : [new ValidationIssue("/grantedScopes", "Scopes are at most 500 texts of 1 to 500 characters.")];

    private static string Shorten(string text) => text.Length <= 64 ? text : text[..64] + "…";

    private static Problem AliasTaken(Connection connection) =>
        Problem.Conflict(
            $"The project '{connection.Project}' has a connection to '{connection.Provider}' in '{connection.Environment}' with the alias '{connection.Alias}' already.",
            "/alias",
            "Choose another alias, or change the existing connection.");

    private static Problem Stale(int? version) =>
        Problem.Conflict(
            version is null ? "The connection was changed meanwhile." : $"The connection was changed meanwhile; its version is now {version}.",
            "/version",
            "Read it again, and repeat the change on what it is now.");
}

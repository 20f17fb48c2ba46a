namespace IntegrationHub.Host.Access;

/// <summary>The role an endpoint needs. Every endpoint under <c>/api</c> has one; a test walks the routes.</summary>
internal sealed record RequiredRole(HubRole Role);

/// <summary>Marks an endpoint that concerns every project: a key that is limited to some may not use it.</summary>
/// <param name="Why">The reason, for whoever is refused.</param>
internal sealed record HubWide(string Why);

/// <summary>Marks an endpoint that needs no API key (webhooks, health).</summary>
internal sealed record OpenToAll(string Why);

/// <summary>Marks an endpoint that a ticket opens as well as a key.</summary>
internal sealed record AcceptsTickets;

internal static class CallerAccess
{
    private static readonly object Key = new();
    private static readonly object CredentialKey = new();

    public static TBuilder RequireRole<TBuilder>(this TBuilder builder, HubRole role)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new RequiredRole(role));

    /// <summary>Only for keys that are not limited to projects.</summary>
    public static TBuilder HubWide<TBuilder>(this TBuilder builder, string why)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new HubWide(why));

    public static TBuilder AllowWithoutKey<TBuilder>(this TBuilder builder, string why)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new OpenToAll(why));

    /// <summary>Also for whoever has a ticket in the query.</summary>
    public static TBuilder AcceptTickets<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new AcceptsTickets());

    /// <summary>What the caller was let in by.</summary>
    public static Credential GetCredential(this HttpContext context) =>
        (Credential?)context.Items[CredentialKey] ?? throw new InvalidOperationException("The endpoint declares no role, so no caller was authenticated.");

    public static void SetCredential(this HttpContext context, Credential credential) => context.Items[CredentialKey] = credential;

    /// <summary>The authenticated caller. The access middleware has set it for every endpoint with a <see cref="RequiredRole"/>.</summary>
    public static Caller GetCaller(this HttpContext context) =>
        (Caller?)context.Items[Key] ?? throw new InvalidOperationException("The endpoint declares no role, so no caller was authenticated.");

    public static void SetCaller(this HttpContext context, Caller caller) => context.Items[Key] = caller;
}

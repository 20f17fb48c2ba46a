using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Connections.OAuth;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Plugins.Install;
using IntegrationHub.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Access;

/// <summary>
/// What the tests that walk every route must know to call one: which thing its id names, and a body. A route that is new and not known here fails these tests with a message
/// that says what to add.
/// </summary>
internal static class ApiStage
{
    /// <summary>Routes about nothing of any project: what is loaded is the same for all.</summary>
    private static readonly string[] Shared = ["/api/providers/", "/api/plugins/"];

    /// <summary>By the beginning of a path: the kind of thing that <c>{id}</c> names there.</summary>
    private static readonly (string Path, string Thing)[] Named =
    [
        ("/api/connections/{id}/oauth", "consent"),
        ("/api/connections/{id}", "connection"),
        ("/api/events/{id}", "event"),
        ("/api/subscriptions/{id}", "subscription"),
        ("/api/deliveries/{id}", "delivery"),
        ("/api/dead-letters/{id}", "deadLetter"),
        ("/api/replays/{id}", "replay"),
        ("/api/privacy/erasures/{id}", "erasure"),
        ("/api/keys/{id}", "key"),
        ("/api/effects/{id}", "effect"),
        ("/api/jobs/{id}/retry", "deadJob"),
        ("/api/jobs/{id}", "job"),
        ("/api/projects/{project}", "project"),
    ];

    /// <summary>Path parameters that name nothing of a project.</summary>
    private static readonly Dictionary<string, string> Neutral = new() { ["operation"] = "retrieveBalance", ["capability"] = "payment.create" };

    /// <summary>What must stand in the query.</summary>
    private static readonly Dictionary<string, string> Queries = new() { ["GET /api/events/{id}/raw"] = "?reason=curiosity" };

    /// <summary>
    /// By changing route: a body that works, <see langword="null"/> for none. <c>{project}</c>, <c>{marker}</c> and the kinds of things stand for those of the project at hand;
    /// further bodies name further things.
    /// </summary>
    private static readonly Dictionary<string, string?[]> Bodies = new()
    {
        ["POST /api/connections"] = ["""{"provider":"stripe","project":"{project}","alias":"{marker}{new}","config":{"secretKey":"{secret}"}}"""],
        ["PATCH /api/connections/{id}"] = ["""{"enabled":false}""", """{"alias":"{marker}-b"}"""],
        ["DELETE /api/connections/{id}"] = [null],
        ["POST /api/connections/{id}/rotate"] = ["""{"config":{"secretKey":"{secret}5"}}"""],
        ["POST /api/connections/{id}/oauth/start"] = [null, """{"scopes":["read"]}"""],
        ["POST /api/connections/{id}/oauth/revoke"] = [null],
        ["POST /api/connections/{id}/test"] = [null],
        ["POST /api/connections/{id}/limits/reset"] = [null],
        ["POST /api/connections/{id}/operations/{operation}"] = ["""{"params":{}}"""],
        ["POST /api/events"] = ["""{"type":"order.paid","id":"{marker}","project":"{project}","data":{"note":"{marker}"}}"""],
        ["POST /api/events/stream/tickets"] = [null],
        ["POST /api/events/{id}/replay"] = [null, """{"subscription":"{subscription}"}"""],
        ["POST /api/events/{id}/reprocess"] = [null],
        ["POST /api/subscriptions/{id}/recover"] = ["""{"since":"2026-01-01T00:00:00Z"}"""],
        ["POST /api/replays"] = ["""{"filter":{"subscription":"{subscription}"},"ratePerSecond":1}""", """{"project":"{project}","filter":{"fingerprint":"0123456789abcdef"}}"""],
        ["POST /api/replays/{id}/cancel"] = [null],
        ["PUT /api/projects/{project}/retention"] = ["""{"events":"365d","attempts":"7d"}"""],
        ["DELETE /api/projects/{project}/retention"] = [null],
        ["POST /api/privacy/export"] = ["""{"project":"{project}","subject":"nobody-{new}","reason":"test"}"""],
        ["POST /api/privacy/erasures"] = ["""{"project":"{project}","subject":"nobody-{new}","reason":"test","pointers":["/customer/email"]}"""],
        ["POST /api/subscriptions"] = ["""{"pattern":"**","project":"{project}","description":"{marker}","target":{"kind":"webhook","url":"http://127.0.0.1:9/{marker}"}}"""],
        ["PATCH /api/subscriptions/{id}"] = ["""{"enabled":false}"""],
        ["DELETE /api/subscriptions/{id}"] = [null],
        ["POST /api/subscriptions/{id}/rotate-secret"] = [null],
        ["POST /api/subscriptions/{id}/test"] = [null, """{"event":"{event}"}"""],
        ["POST /api/subscriptions/preview"] =
        [
            """{"project":"{project}","sample":{"type":"app.order","data":{}}}""",
            """{"subscription":"{subscription}","event":"{event}"}""",
        ],
        ["POST /api/deliveries/{id}/retry"] = [null],
        ["POST /api/dead-letters/{id}/replay"] = [null],
        ["POST /api/dead-letters/replay"] = ["""{"filter":{"subscription":"{subscription}"}}"""],
        ["POST /api/keys"] = ["""{"name":"{marker}","role":"viewer","projects":["{project}"]}"""],
        ["POST /api/keys/{id}/rotate"] = [null],
        ["DELETE /api/keys/{id}"] = [null],
        ["POST /api/effects/{id}/settle"] = ["""{"verdict":"failed","note":"looked"}"""],
        ["POST /api/capabilities/{capability}"] =
        [
            """{"project":"{project}","environment":"dev","params":{"amountMinor":500,"currency":"SAR"}}""",
            """{"environment":"dev","prefer":["{connection}"],"params":{"amountMinor":500,"currency":"SAR"}}""",
        ],
        ["POST /api/jobs/{id}/retry"] = [null],
        ["POST /api/jobs/{id}/cancel"] = [null],
        ["POST /api/encryption/rotate"] = [null],
        ["POST /api/plugins"] = [null],
        ["DELETE /api/plugins/{id}"] = [null],
        ["POST /api/plugins/{id}/reload"] = [null],
        ["POST /api/plugins/{id}/enable"] = [null],
        ["POST /api/plugins/{id}/disable"] = [null],
    };

    /// <summary>Query parameters that name things of a project; the others are <see cref="NeutralQuery"/>.</summary>
    private static readonly Dictionary<string, string> NamedQuery = new()
    {
        ["project"] = "{project}",
        ["connection"] = "{connection}",
        ["subscription"] = "{subscription}",
        ["event"] = "{event}",
        ["job"] = "{job}",
        ["subject"] = "{marker}",
        ["type"] = "app.{marker}",
        ["eventType"] = "app.{marker}",
        ["pattern"] = "app.{marker}",
    };

    private static readonly HashSet<string> NeutralQuery =
        ["limit", "cursor", "from", "to", "status", "provider", "environment", "reason", "capability", "category", "market", "currency", "language", "q", "sort", "force", "params", "actor", "action", "target", "state", "verdict", "operation", "async", "fingerprint", "step", "replayed", "dryRun", "lastEventId", "follow", "ticket"];

    /// <summary>Everything that the hub answers, as it is put together in production. HEAD is where GET is, at the same endpoint.</summary>
    public static List<ApiRoute> Routes(IServiceProvider services) =>
    [
        .. services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(route => (route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Where(method => method != "HEAD").Select(method => new ApiRoute(method, "/" + route.RoutePattern.RawText!.Trim('/'), route)))
            .OrderBy(route => route.Path, StringComparer.Ordinal).ThenBy(route => route.Method, StringComparer.Ordinal),
    ];

    /// <summary>The thing that the path names; <see langword="null"/> when it names none of any project.</summary>
    public static string? ThingOf(ApiRoute route)
    {
        if (route.Parameters.All(Neutral.ContainsKey) || Shared.Any(prefix => route.Path.StartsWith(prefix, StringComparison.Ordinal)))
            return null;

        var named = Named.Where(one => route.Path == one.Path || route.Path.StartsWith(one.Path + "/", StringComparison.Ordinal)).Select(one => one.Thing).FirstOrDefault();
        Assert.True(named is not null, $"{route.Name}: say in {nameof(ApiStage)}.{nameof(Named)} which kind of thing its id names and make one in {nameof(ProjectThings)}, or in {nameof(Shared)} that it belongs to no project.");
        return named;
    }

    /// <summary>Bodies to call it with.</summary>
    public static string?[] BodiesOf(ApiRoute route)
    {
        if (route.Method is "GET")
            return [null];

        Assert.True(Bodies.TryGetValue(route.Name, out var bodies), $"{route.Name}: add a body that works to {nameof(ApiStage)}.{nameof(Bodies)} (null for none), with the things it can name as {{connection}}, {{project}} …");
        return bodies!;
    }

    /// <summary>The query parameters that can name something of a project, with what they name.</summary>
    public static IEnumerable<(string Name, string Value)> QueryOf(ApiRoute route, JsonElement description)
    {
        var parameters = description.GetProperty("paths").GetProperty(route.Path).GetProperty(route.Method.ToLowerInvariant()).TryGetProperty("parameters", out var all) ? all : JsonElement.Parse("[]");
        foreach (var name in parameters.EnumerateArray().Where(one => one.GetProperty("in").GetString() == "query").Select(one => one.GetProperty("name").GetString()!))
        {
            Assert.True(
                NamedQuery.ContainsKey(name) || NeutralQuery.Contains(name),
                $"{route.Name}?{name}=: say in {nameof(ApiStage)}.{nameof(NamedQuery)} what of a project it can name, or in {nameof(NeutralQuery)} that it names nothing.");
            if (NamedQuery.TryGetValue(name, out var value))
                yield return (name, value);
        }
    }

    public static string Fill(ApiRoute route, IReadOnlyDictionary<string, string> things)
    {
        var path = ThingOf(route) is { } thing ? route.Path.Replace("{id}", things[thing], StringComparison.Ordinal).Replace("{project}", things["project"], StringComparison.Ordinal) : route.Path;
        foreach (var (name, value) in Neutral)
            path = path.Replace($"{{{name}}}", value, StringComparison.Ordinal);

        return path + Queries.GetValueOrDefault(route.Name);
    }

    public static string? Fill(string? text, IReadOnlyDictionary<string, string> things) =>
        text is null ? null : things.Aggregate(text, (filled, thing) => filled.Replace($"{{{thing.Key}}}", thing.Value, StringComparison.Ordinal))
            .Replace("{secret}", HubApi.StripeKey, StringComparison.Ordinal).Replace("{new}", Guid.NewGuid().ToString("N")[..8], StringComparison.Ordinal);
}

/// <summary>One way to call the hub.</summary>
internal sealed record ApiRoute(string Method, string Path, RouteEndpoint Endpoint)
{
    public string Name => $"{Method} {Path}";

    public RequiredRole? Required => Endpoint.Metadata.GetMetadata<RequiredRole>();

    public HubWide? HubWide => Endpoint.Metadata.GetMetadata<HubWide>();

    public OpenToAll? Open => Endpoint.Metadata.GetMetadata<OpenToAll>();

    public bool IsChange => Method is not ("GET" or "HEAD" or "OPTIONS");

    public IEnumerable<string> Parameters => Endpoint.RoutePattern.Parameters.Select(parameter => parameter.Name);
}

/// <summary>A project full of things, and an admin's key for it alone.</summary>
internal sealed class ProjectThings : IDisposable
{
    private readonly RealHub hub;
    private int made;

    private ProjectThings(RealHub hub, string project, HttpClient client)
    {
        this.hub = hub;
        Project = project;
        Client = client;
    }

    public string Project { get; }

    public HttpClient Client { get; }

    /// <summary>A word in everything of the project that is not an id.</summary>
    public string Marker => Project + "-mark";

    /// <summary>One thing of each kind, and what else bodies can name.</summary>
    public Dictionary<string, string> Things { get; private set; } = [];

    /// <summary>Words that nobody else may see.</summary>
    public IEnumerable<string> Words => [Project, .. Things.Values];

    public static async Task<ProjectThings> MakeAsync(RealHub hub, string project)
    {
        var things = new ProjectThings(hub, project, await hub.AdminAsync(project));
        await things.RenewAsync();
        return things;
    }

    /// <summary>Things that nobody has used up.</summary>
    public async Task RenewAsync()
    {
        made++;
        var connection = await PostAsync("/api/connections", new
        {
            provider = "stripe", project = Project, alias = $"{Marker}{made}",
            config = new { secretKey = HubApi.StripeKey, webhookSecret = HubApi.StripeWebhookSecret },
            overrides = new { baseUrl = $"{hub.Address}/simulators/stripe" },
        });
        var subscription = await PostAsync(
            "/api/subscriptions", new { pattern = "**", project = Project, description = Marker, target = new { kind = "webhook", url = $"http://127.0.0.1:9/{Marker}" } });
        await PostAsync("/api/events", new { type = $"x.{Marker}", project = Project, subject = Marker, data = new { note = Marker } });

        // One that came in by a webhook has a raw request.
        using (var sent = await Client.SendAsync(HubApi.StripeWebhook(new Uri(hub.Address), connection, HubApi.StripeEvent($"evt_{Marker}{made}"))))
            Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());

        var received = (await Client.SendAsync("GET", $"/api/events?connection={connection}")).Json.GetProperty("items")[0].GetProperty("id").GetString()!;
        var delivery = (await Client.SendAsync("GET", $"/api/deliveries?event={received}&subscription={subscription}")).Json.GetProperty("items")[0].GetProperty("id").GetString()!;
        var key = await PostAsync("/api/keys", new { name = Marker, role = "viewer", projects = new[] { Project } });
        Things = new()
        {
            ["project"] = Project,
            ["marker"] = $"{Marker}{made}",
            ["connection"] = connection,
            ["consent"] = await ConsentAsync(),
            ["subscription"] = subscription,
            ["event"] = received,
            ["delivery"] = delivery,
            ["deadLetter"] = await DieAsync(received, subscription),
            ["replay"] = await ReplayAsync(subscription),
            ["erasure"] = await ErasureAsync(),
            ["key"] = key,
            ["effect"] = await EffectAsync(connection),
            ["job"] = await JobAsync(connection, JobState.Queued),
            ["deadJob"] = await JobAsync(connection, JobState.Dead),
        };
    }

    /// <summary>Everything of the project that stays as it is while nobody of it does anything.</summary>
    public async Task<string> SnapshotAsync()
    {
        var all = new List<string>();
        foreach (var list in new[] { "connections", "events", "subscriptions", "keys", "effects", "jobs" })
            all.Add((await Client.SendAsync("GET", $"/api/{list}?limit=200")).Text);

        // Deliveries are tried again meanwhile; there must be no more and no fewer.
        foreach (var list in new[] { "deliveries", "dead-letters" })
            all.AddRange((await Client.SendAsync("GET", $"/api/{list}?limit=200")).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));

        all.Add((await Client.SendAsync("GET", $"/api/projects/{Project}/retention")).Text);
        return string.Join('\n', all);
    }

    public void Dispose() => Client.Dispose();

    private async Task<string> PostAsync(string path, object body)
    {
        var answer = await Client.SendAsync("POST", path, JsonSerializer.Serialize(body));
        Assert.True(answer.Status == 201, $"{path}: {answer.Text}");
        return answer["id"]!;
    }

    // With a record of what was granted, as a person's consent leaves it.
    private async Task<string> ConsentAsync()
    {
        var id = await PostAsync("/api/connections", new { provider = "consent", project = Project, alias = $"{Marker}{made}", config = new { clientId = "client", clientSecret = HubApi.StripeKey } });
        var record = new TokenRecord { ConnectionId = id, AuthId = "oauth2", ByPerson = true, Binding = new byte[32], AccountId = Marker, Version = 1 };
        Assert.True(await hub.Services.GetRequiredService<ITokenStore>().TrySaveAsync(record, CancellationToken.None));
        return id;
    }

    // Sent and not answered, which no simulator does.
    private async Task<string> EffectAsync(string connection)
    {
        var now = TimeProvider.System.GetUtcNow();
        var effect = new Effect
        {
            Id = Ids.New(Ids.Effect, now), ConnectionId = connection, Project = Project, Environment = "dev", Provider = "stripe", Operation = Marker, Actor = "key_1", CorrelationId = Marker,
            ParametersHash = new byte[32], StartedAt = now, Verdict = EffectVerdict.Pending,
        };
        var store = hub.Services.GetRequiredService<IEffectStore>();
        await store.AddAsync(effect, CancellationToken.None);
        await store.CompleteAsync(effect with { Verdict = EffectVerdict.Unknown, Reason = Marker, CompletedAt = now }, CancellationToken.None);
        return effect.Id;
    }

    // One that waits, for long, and one that was given up.
    private async Task<string> JobAsync(string connection, JobState state)
    {
        var now = TimeProvider.System.GetUtcNow();
        var id = Ids.New(Ids.Job, now);
        var job = new Job
        {
            Id = id, ConnectionId = connection, Project = Project, Environment = "dev", Provider = "stripe", Operation = "retrieveBalance", Actor = "key_1", CorrelationId = Marker, IdempotencyKey = Marker,
            SealedInput = hub.Services.GetRequiredService<IPayloadSealer>().Seal("""{"parameters":{}}"""u8, id), State = state, NextRunAt = now.AddDays(1), CreatedAt = now,
        };
        await hub.Services.GetRequiredService<IJobStore>().AddAsync(job, CancellationToken.None);
        return id;
    }

    // One that has its next step before it.
    private async Task<string> ReplayAsync(string subscription)
    {
        var now = TimeProvider.System.GetUtcNow();
        var replay = new Replay
        {
            Id = Ids.New(Ids.Replay, now), Project = Project, Filter = new DeadLetterQuery { SubscriptionId = subscription }, Rate = 1, State = ReplayState.Running, NextStepAt = now.AddDays(1),
            Actor = "key_1", CorrelationId = Marker, CreatedAt = now,
        };
        return (await hub.Services.GetRequiredService<IReplayStore>().AddAsync(replay, CancellationToken.None)).Id;
    }

    private async Task<string> ErasureAsync()
    {
        var answer = await Client.SendAsync("POST", "/api/privacy/erasures", JsonSerializer.Serialize(new { project = Project, subject = $"nobody-{Guid.NewGuid():N}", reason = "Ticket 7." }));
        Assert.True(answer.Status == 202, answer.Text);
        return answer["id"]!;
    }

    // Without waiting for eight attempts.
    private async Task<string> DieAsync(string eventId, string subscription)
    {
        var now = TimeProvider.System.GetUtcNow();
        var dead = new Delivery
        {
            Id = Ids.New(Ids.Delivery, now), EventId = eventId, SubscriptionId = subscription, Project = Project, EventType = "stripe.payment_intent.succeeded", Status = DeliveryStatus.Dead,
            Attempts = 1, NextAttemptAt = now, CreatedAt = now,
        };
        await hub.Services.GetRequiredService<IDeliveryStore>().AddAsync([dead], CancellationToken.None);
        return dead.Id;
    }
}

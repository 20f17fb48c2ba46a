using System.Text.Json;

namespace IntegrationHub.Manifests;

/// <summary>
/// The single source of truth of one provider, read from <c>manifest.json</c>. Immutable and safe to share between threads.
/// Read it with <see cref="ManifestReader"/>, which validates it first: a <see cref="ProviderManifest"/> obtained from there is valid.
/// </summary>
public sealed record ProviderManifest
{
    /// <summary>The version of the manifest language; this library reads version 1.</summary>
    public required int ManifestVersion { get; init; }

    /// <summary>The provider's id: lower-case letters, digits and hyphens, the same as the plugin folder's name by convention.</summary>
    public required string Id { get; init; }

    /// <summary>The provider's name as people know it.</summary>
    public required string Name { get; init; }

    /// <summary>The plugin's own version (SemVer 2.0).</summary>
    public required string Version { get; init; }

    /// <summary>Who publishes the plugin.</summary>
    public PublisherManifest? Publisher { get; init; }

    /// <summary>What the provider is for, in one or two sentences.</summary>
    public LocalizedText? Description { get; init; }

    /// <summary>The catalog category, for example <c>payment</c> or <c>email</c>.</summary>
    public required string Category { get; init; }

    /// <summary>The icon's file name, relative to the manifest. Absent: the catalog draws initials.</summary>
    public string? Icon { get; init; }

    /// <summary>The provider's own documentation.</summary>
    public string? Docs { get; init; }

    /// <summary>Which contract versions the plugin works with, as a NuGet version range. Default <c>[1.0,2.0)</c>.</summary>
    public string HostApi { get; init; } = "[1.0,2.0)";

    /// <summary>The code that runs the operations; <see langword="null"/> when the built-in REST adapter does.</summary>
    public EntryManifest? Entry { get; init; }

    /// <summary>ISO 3166-1 alpha-2 country codes, or <c>*</c> for everywhere. Empty: not stated.</summary>
    public IReadOnlyList<string> Markets { get; init; } = [];

    /// <summary>ISO 4217 codes in lower case, or <c>*</c>. Empty: money plays no part.</summary>
    public IReadOnlyList<string> Currencies { get; init; } = [];

    /// <summary>BCP 47 tags of the languages the provider's own service speaks.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Regions in which the provider can keep data.</summary>
    public IReadOnlyList<string> DataResidency { get; init; } = [];

    /// <summary>How the provider charges.</summary>
    public PricingManifest? Pricing { get; init; }

    /// <summary>What a person does to set a connection up, in order.</summary>
    public IReadOnlyList<LocalizedText> Setup { get; init; } = [];

    /// <summary>JSON schema of a connection's fields. <c>x-secret</c>, <c>x-env</c> and <c>x-placeholder</c> annotate properties.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>The values each hub environment takes, by environment name (<c>dev</c>, <c>staging</c>, <c>prod</c>).</summary>
    public IReadOnlyDictionary<string, EnvironmentManifest> Environments { get; init; } = new Dictionary<string, EnvironmentManifest>();

    /// <summary>The hosts the plugin may reach.</summary>
    public NetworkManifest Network { get; init; } = new();

    /// <summary>The ways to authenticate. A connection names one by <see cref="AuthManifest.Id"/>, or takes the first that its config satisfies.</summary>
    public IReadOnlyList<AuthManifest> Auth { get; init; } = [];

    /// <summary>The provider's rate limits, per connection.</summary>
    public LimitsManifest? Limits { get; init; }

    /// <summary>How failed attempts are repeated.</summary>
    public RetryManifest? Retry { get; init; }

    /// <summary>When the circuit of a connection opens.</summary>
    public BreakerManifest? Breaker { get; init; }

    /// <summary>What every operation of this provider shares unless it says otherwise.</summary>
    public DefaultsManifest Defaults { get; init; } = new();

    /// <summary>The operations by name.</summary>
    public IReadOnlyDictionary<string, OperationManifest> Operations { get; init; } = new Dictionary<string, OperationManifest>();

    /// <summary>How the provider's webhooks are verified and read; <see langword="null"/> when it has none.</summary>
    public WebhooksManifest? Webhooks { get; init; }

    /// <summary>The connection tests.</summary>
    public IReadOnlyList<TestManifest> Tests { get; init; } = [];

    /// <summary>Answers and webhook samples for use without the provider.</summary>
    public SimulatorManifest? Simulator { get; init; }
}

/// <summary>Who publishes a plugin.</summary>
public sealed record PublisherManifest
{
    /// <summary>The publisher's name.</summary>
    public required string Name { get; init; }

    /// <summary>The publisher's page.</summary>
    public string? Url { get; init; }
}

/// <summary>The code of a plugin that a manifest alone cannot express.</summary>
public sealed record EntryManifest
{
    /// <summary>The assembly's file name, beside the manifest or in <c>bin/</c> below it.</summary>
    public required string Assembly { get; init; }

    /// <summary>The full name of a public class with a public parameterless constructor that implements <see cref="Adapters.IProviderAdapter"/>.</summary>
    public required string Type { get; init; }
}

/// <summary>How a provider charges.</summary>
public sealed record PricingManifest
{
    /// <summary><c>free</c>, <c>freemium</c>, <c>subscription</c>, <c>per_transaction</c>, <c>per_message</c>, <c>usage</c> or <c>quote</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The vendor's price page.</summary>
    public string? Url { get; init; }

    /// <summary>A remark for people.</summary>
    public LocalizedText? Notes { get; init; }
}

/// <summary>The values of one hub environment. Further string values are available to templates as <c>{env.name}</c>.</summary>
public sealed record EnvironmentManifest
{
    /// <summary>The base address of the provider's API, a template over <c>config</c>; no trailing slash.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>By config field: a text that the field's value must contain in this environment (for example <c>_test_</c>).</summary>
    public IReadOnlyDictionary<string, string> Require { get; init; } = new Dictionary<string, string>();

    /// <summary>Further values by name, each a string.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();
}

/// <summary>The hosts a plugin may reach.</summary>
public sealed record NetworkManifest
{
    /// <summary>
    /// Host names, <c>*.example.com</c> for any depth of sub-domains, optionally with <c>:port</c>, or a template such as <c>{config.url}</c>
    /// that yields an address whose host is then allowed.
    /// </summary>
    public IReadOnlyList<string> Allow { get; init; } = [];
}

/// <summary>The rate limits of a provider, per connection.</summary>
public sealed record LimitsManifest
{
    /// <summary>Sustained requests per second.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>The bucket's size: how many requests may go out at once after a pause. Default: one second's worth.</summary>
    public int? Burst { get; init; }

    /// <summary>Requests in flight at the same time.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Response headers that state what is left.</summary>
    public LimitHeadersManifest? Headers { get; init; }
}

/// <summary>Response headers in which a provider states its rate limit.</summary>
public sealed record LimitHeadersManifest
{
    /// <summary>Requests left in the window.</summary>
    public string? Remaining { get; init; }

    /// <summary>When the window resets: seconds from now, or a Unix time.</summary>
    public string? Reset { get; init; }

    /// <summary>The window's size.</summary>
    public string? Limit { get; init; }
}

/// <summary>How failed attempts are repeated.</summary>
public sealed record RetryManifest
{
    /// <summary>Attempts in all, the first included. Default 4.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>Delay before the second attempt, doubled each time, with full jitter. Default 500 ms.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest delay between attempts. Default 30 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time for all attempts together. Default 60 s.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time for one attempt. Default 30 s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>When the circuit of a connection opens and closes.</summary>
public sealed record BreakerManifest
{
    /// <summary>Consecutive failures that open the circuit. Default 5.</summary>
    public int Failures { get; init; } = 5;

    /// <summary>How long it stays open before a trial. Default 60 s.</summary>
    public TimeSpan BreakFor { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Successful trials that close it. Default 3.</summary>
    public int SuccessesToClose { get; init; } = 3;
}

/// <summary>What every operation of a provider shares unless it says otherwise. An operation's own <c>response</c> is laid over the default key by key; its other keys replace theirs.</summary>
public sealed record DefaultsManifest
{
    /// <summary>Header templates sent with every request.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>How answers are read.</summary>
    public ResponseManifest? Response { get; init; }

    /// <summary>Idempotency of operations whose method is POST or PATCH.</summary>
    public IdempotencyManifest? Idempotency { get; init; }
}

/// <summary>A connection test: an operation that must succeed.</summary>
public sealed record TestManifest
{
    /// <summary>The test's id, unique within the hub by convention (<c>stripe-connection</c>).</summary>
    public required string Id { get; init; }

    /// <summary>What success shows.</summary>
    public LocalizedText? Title { get; init; }

    /// <summary>The operation to run.</summary>
    public required string Operation { get; init; }

    /// <summary>Parameter template for it, over <c>config</c> and <c>env</c>.</summary>
    public JsonElement? Params { get; init; }
}

/// <summary>Answers and webhook samples for use without the provider.</summary>
public sealed record SimulatorManifest
{
    /// <summary>Answers by operation; the first whose <see cref="SimulatorAnswer.When"/> holds is given.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SimulatorAnswer>> Operations { get; init; } =
        new Dictionary<string, IReadOnlyList<SimulatorAnswer>>();

    /// <summary>Sample requests by webhook type.</summary>
    public IReadOnlyDictionary<string, SimulatorWebhook> Webhooks { get; init; } = new Dictionary<string, SimulatorWebhook>();
}

/// <summary>One simulated answer.</summary>
public sealed record SimulatorAnswer
{
    /// <summary>JSON pointers into the operation's parameters and the values they must have. Empty: always.</summary>
    public IReadOnlyDictionary<string, JsonElement> When { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The HTTP status. Default 200.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Response headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body: a JSON value, or a string that is sent as it is when <see cref="ContentType"/> is not JSON.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>
    /// What of the request the body repeats: JSON pointers into <see cref="Body"/>, each with a template over <c>params</c>, the parameters as they were sent. Where a value is missing
    /// or does not fit its pipe, the body stays as it stands.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Echo { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The body's media type. Default <c>application/json</c>.</summary>
    public string ContentType { get; init; } = "application/json";
}

/// <summary>One sample webhook, before it is signed.</summary>
public sealed record SimulatorWebhook
{
    /// <summary>Request headers that carry meaning (not the signature).</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body: a JSON value, sent as JSON, or as a form when <see cref="ContentType"/> says so.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>The body's media type. Default <c>application/json</c>.</summary>
    public string ContentType { get; init; } = "application/json";
}

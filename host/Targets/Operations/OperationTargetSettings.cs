using System.Text.Json;
using IntegrationHub.Capabilities;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Targets.Operations;

/// <summary>What <c>target</c> says: an operation of a connection, or a capability; and the template of the parameters.</summary>
internal sealed record OperationTargetSettings
{
    private static readonly string[] Members = ["connection", "operation", "capability", "market", "currency", "prefer", "fallback", "params"];

    public string? Connection { get; init; }

    public string? Operation { get; init; }

    public string? Capability { get; init; }

    public string? Market { get; init; }

    public string? Currency { get; init; }

    public IReadOnlyList<string> Prefer { get; init; } = [];

    public bool Fallback { get; init; }

    /// <summary>A template over the event; absent for no parameters.</summary>
    public JsonElement Params { get; init; }

    /// <exception cref="JsonException">They were altered from outside.</exception>
    public static OperationTargetSettings Of(Subscription subscription) =>
        subscription.Settings.Target is { } target ? target.Deserialize<OperationTargetSettings>(HubJson.Options)! : new OperationTargetSettings();

    /// <exception cref="TemplateException">The template is malformed.</exception>
    public Template CompileParams() => Template.Compile(Params.ValueKind == JsonValueKind.Undefined ? JsonElement.Parse("{}"u8) : Params);

    /// <summary>What is wrong with them, as far as they tell by themselves.</summary>
    public static IEnumerable<ValidationIssue> Check(Subscription subscription)
    {
        foreach (var issue in TargetMembers.Check(subscription, Members))
            yield return issue;
        if (subscription.Url.Length > 0)
            yield return new("/target/url", "An operation has no address.", "Name a connection and an operation, or a capability.");
        if (subscription.Settings.Transform is not null)
            yield return new("/transform", "An operation's parameters are made by target.params.", "Leave transform out.");

        OperationTargetSettings? settings = null;
        try
        {
            settings = Of(subscription);
        }
        catch (JsonException)
        {
            // Said below.
        }

        if (settings is null)
        {
            yield return TargetMembers.Misshapen(subscription.Settings.Target!.Value, texts: ["connection", "operation", "capability", "market", "currency"], flags: ["fallback"]);
            yield break;
        }

        foreach (var issue in settings.CheckWhat(subscription).Concat(settings.CheckParams()))
            yield return issue;
    }

    private IEnumerable<ValidationIssue> CheckWhat(Subscription subscription)
    {
        if (Capability is not null == Connection is not null)
        {
            yield return new("/target", "Either a connection with an operation, or a capability, is expected.", "Write { \"kind\": \"operation\", \"connection\": \"conn_…\", \"operation\": \"sendMessage\", \"params\": { … } }.");
        }
        else if (Connection is not null)
        {
            if (string.IsNullOrEmpty(Operation))
                yield return new("/target/operation", "The operation is missing.", "GET /api/providers/{id} lists a provider's operations.");
            if (subscription.Environment is null)
                yield return new("/environment", "A connection is in one environment; a subscription that uses it takes events of that one only.", "Name the connection's environment.");
            foreach (var (name, given) in new[] { ("market", Market is not null), ("currency", Currency is not null), ("prefer", Prefer.Count > 0), ("fallback", Fallback) })
                if (given)
                    yield return new("/target/" + name, $"'{name}' belongs to a capability, which chooses a connection by it.", "Leave it out.");
        }
        else
        {
            if (Operation is not null)
                yield return new("/target/operation", "A capability chooses the operation.", "Leave it out.");
            if (CapabilityCatalog.Find(Capability!) is null)
                yield return new("/target/capability", $"There is no capability '{Capability}'.", Suggestion.For(Capability!, [.. CapabilityCatalog.All.Select(known => known.Name)]));
            if (Market is { } market && (market.Length != 2 || !market.All(char.IsAsciiLetter)))
                yield return new("/target/market", "A market is two letters.", "ISO 3166-1 alpha-2, such as SA.");
            if (Currency is { } currency && (currency.Length != 3 || !currency.All(char.IsAsciiLetter)))
                yield return new("/target/currency", "A currency is three letters.", "ISO 4217, such as SAR.");
        }
    }

    private IEnumerable<ValidationIssue> CheckParams()
    {
        if (Params.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
            yield return new("/target/params", "The parameters are an object.");
        else if (TargetMembers.CheckTemplate("/target/params", CompileParams) is { } issue)
            yield return issue;
    }
}

using System.ComponentModel;
using System.Text.Json;

namespace IntegrationHub.Host.Capabilities;

/// <summary>What is to be done, and by whom it may be.</summary>
internal sealed record CapabilityRequest
{
    [Description("The project whose connections are considered. Absent: the key's only project, else 'default'.")]
    public string? Project { get; init; }

    [Description("dev, staging or prod. Default prod.")]
    public string Environment { get; init; } = "prod";

    [Description("ISO 3166-1 alpha-2: only providers that serve this market.")]
    public string? Market { get; init; }

    [Description("ISO 4217: only providers that take this currency. Absent: the parameters' own currency, where they have one.")]
    public string? Currency { get; init; }

    [Description("Providers or connections (by id) to try first, in this order.")]
    public IReadOnlyList<string> Prefer { get; init; } = [];

    [Description("Whether to try the next connection when one fails, and after them the capability's own fallbacks (WhatsApp, then SMS). Never after an effect that may have happened.")]
    public bool Fallback { get; init; }

    [Description("The capability's parameters.")]
    public JsonElement Params { get; init; }
}

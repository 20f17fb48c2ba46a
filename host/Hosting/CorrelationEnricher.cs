using Serilog.Core;
using Serilog.Events;

namespace IntegrationHub.Host.Hosting;

/// <summary>Ends the lines that belong to a request with its correlation id, which errors name to callers.</summary>
internal sealed class CorrelationEnricher : ILogEventEnricher
{
    public const string Property = "Correlation";

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        var id = logEvent.Properties.GetValueOrDefault(Http.CorrelationId.LogProperty) is ScalarValue { Value: string text } ? $" ({text})" : "";
        logEvent.AddPropertyIfAbsent(new LogEventProperty(Property, new ScalarValue(id)));
    }
}

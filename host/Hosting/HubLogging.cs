using System.Globalization;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Display;

namespace IntegrationHub.Host.Hosting;

/// <summary>Serilog: console and a rolling file in the data folder, both behind <see cref="RedactingFormatter"/>. The section <c>Serilog</c> adjusts levels and adds sinks.</summary>
internal static class HubLogging
{
    private const string Template = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff zzz} [{Level:u3}] {SourceContext}: {Message:lj}{Correlation:l}{NewLine}{Exception}";
    private const int HostedServiceStartupFaulted = 11;
    private const int KeptFiles = 14;
    private const long FileSize = 64 * 1024 * 1024;

    public static WebApplicationBuilder AddHubLogging(this WebApplicationBuilder builder, HubOptions options)
    {
        var formatter = new RedactingFormatter(new MessageTemplateTextFormatter(Template, CultureInfo.InvariantCulture));
        var logger = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Warning)

            // Says when requests begin and end, and for that makes an activity and a scope for each of them even when nobody listens.
            .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off)
            .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)

            // Why it cannot start, the hub says itself, in words and once.
            .Filter.ByExcluding(static entry => entry.Properties.TryGetValue("EventId", out var id) && id is StructureValue { Properties: [{ Value: ScalarValue { Value: HostedServiceStartupFaulted } }, ..] }
                && entry.Properties.TryGetValue(Serilog.Core.Constants.SourceContextPropertyName, out var source) && source is ScalarValue { Value: "Microsoft.Extensions.Hosting.Internal.Host" })
            .Enrich.FromLogContext()
            .Enrich.With<CorrelationEnricher>()
            .ReadFrom.Configuration(builder.Configuration)
            .WriteTo.Console(formatter)
            .WriteTo.Async(sinks => sinks.File(
                formatter,
                Path.Combine(options.Data, "logs", "hub-.log"),
                rollingInterval: RollingInterval.Day,
                retainedFileCountLimit: KeptFiles,
                fileSizeLimitBytes: FileSize,
                rollOnFileSizeLimit: true))
            .CreateLogger();

        // The factory itself, rather than one provider among several: nothing bypasses the redaction.
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ILoggerFactory>(_ => new SerilogLoggerFactory(logger, dispose: true));
        return builder;
    }
}

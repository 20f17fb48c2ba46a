using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Hosting;

internal static class HubConfiguration
{
    private static readonly Dictionary<string, string> Switches = new(StringComparer.OrdinalIgnoreCase)
    {
        ["--data"] = "Hub:Data",
        ["--plugins"] = "Hub:PluginsFile",
        ["--public-url"] = "Hub:PublicUrl",
    };

    /// <summary>Order of precedence: command line, <c>HUB_</c> variables, what ASP.NET Core reads by itself, the defaults here.</summary>
    public static WebApplicationBuilder AddHubConfiguration(this WebApplicationBuilder builder, string[] args)
    {
        var development = builder.Environment.IsDevelopment();
        var configuration = builder.Configuration;
        configuration.Sources.Insert(0, new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["urls"] = "http://127.0.0.1:5080",
                ["Hub:AllowBaseUrlOverride"] = development ? "true" : "false",
                ["Hub:AllowPrivateTargets"] = development ? "true" : "false",
            },
        });
        configuration.Sources.Add(new HubEnvironmentVariables(Environment.GetEnvironmentVariables()));
        configuration.AddCommandLine(args, Switches);

        builder.Services.AddSettings<HubOptions>(HubOptions.Section);
        return builder;
    }

    /// <summary>The options before there are services: for what must know them while it is set up.</summary>
    public static HubOptions ReadHubOptions(this IConfiguration configuration) =>
        configuration.GetSection(HubOptions.Section).Get<HubOptions>() ?? new HubOptions();
}

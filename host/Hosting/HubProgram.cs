using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Hosting;

/// <summary>The life of the process: configure, open, serve, drain.</summary>
internal static class HubProgram
{
    /// <summary>sysexits.h: the configuration is wrong; starting again will not help.</summary>
    private const int ConfigurationError = 78;

    public static async Task<int> RunAsync(string[] args, Action<IServiceCollection> compose, Action<WebApplication> route)
    {
        // A pattern in a manifest or a schema must not hold a thread: no regular expression of this process runs longer.
        AppDomain.CurrentDomain.SetData("REGEX_DEFAULT_MATCH_TIMEOUT", TimeSpan.FromSeconds(1));

        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = Directory.GetCurrentDirectory() });
        builder.AddHubConfiguration(args);
        builder.AddHubLogging(builder.Configuration.ReadHubOptions());
        compose(builder.Services);

        await using var app = builder.Build();
        route(app);
        var stopping = app.Lifetime.ApplicationStopping;
        try
        {
            await app.Services.GetRequiredService<HubStartup>().RunAsync(stopping);
            stopping.Register(app.Services.GetRequiredService<HubHealth>().MarkStopping);
            await app.StartAsync(stopping);
        }
        catch (Exception exception) when (exception is StorageException or MasterKeyException or OptionsValidationException or IOException)
        {
            await Console.Error.WriteLineAsync($"The hub cannot start. {exception.Message}");
            return ConfigurationError;
        }

        app.Services.GetRequiredService<StartBanner>().Write(Console.Out);
        await app.WaitForShutdownAsync(CancellationToken.None);
        return 0;
    }
}

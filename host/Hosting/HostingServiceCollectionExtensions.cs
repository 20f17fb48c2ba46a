using IntegrationHub.Host.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Hosting;

internal static class HostingServiceCollectionExtensions
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(30);

    public static IServiceCollection AddHosting(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<HubOptions>>().Value);
        services.AddSingleton<HubHealth>().AddSingleton<UnknownSettings>().AddSingleton<HubStartup>().AddSingleton<StartBanner>();
        services.AddHostedService<SystemdNotifier>();
        services.ConfigureHttpJsonOptions(json =>
        {
            HubJson.Apply(json.SerializerOptions);

            // The API description is made from these options: an integer is an integer, not also a text of digits.
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        });
        services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = DrainTime;

            // A hub without its workers would accept and not deliver: better to stop, be seen, and be started again.
            host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.StopHost;
        });
        services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
#if WINDOWS_SERVICE
        services.AddWindowsService(service => service.ServiceName = "IntegrationHub");
#endif
        return services;
    }
}

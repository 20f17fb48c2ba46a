namespace IntegrationHub.Host.Insights;

internal static class InsightsServiceCollectionExtensions
{
    public static IServiceCollection AddInsights(this IServiceCollection services) =>
        services.AddSingleton<UsageRecorder>().AddHostedService(provider => provider.GetRequiredService<UsageRecorder>());
}
